/* SPDX-License-Identifier: MIT */
/* Transport errors: one enumeration, one stable word each, used in logs, metrics and control errors. */
#ifndef SWIMD_BASE_ERROR_H
#define SWIMD_BASE_ERROR_H

enum swim_error {
	SWIM_OK = 0,
	SWIM_ERROR_NOT_STARTED,
	SWIM_ERROR_ALREADY_STARTED,
	SWIM_ERROR_RESOLUTION_FAILED,
	SWIM_ERROR_SEND_FAILED,
	SWIM_ERROR_RECEIVE_FAILED,
	SWIM_ERROR_SOCKET_CLOSED,
	SWIM_ERROR_MESSAGE_TOO_LARGE,
	SWIM_ERROR_INVALID_ADDRESS,
	SWIM_ERROR_BIND_FAILED,
};
#define SWIM_ERROR_COUNT 10

/* "ok", "not-started", "already-started", "resolution-failed", "send-failed", ...; static. */
const char *swim_error_word(enum swim_error);
/* A sentence for people; static. */
const char *swim_error_text(enum swim_error);

#endif
