/* SPDX-License-Identifier: MIT */
#include "base/error.h"

const char *
swim_error_word(enum swim_error error)
{
	switch (error) {
	case SWIM_OK:
		return "ok";
	case SWIM_ERROR_NOT_STARTED:
		return "not-started";
	case SWIM_ERROR_ALREADY_STARTED:
		return "already-started";
	case SWIM_ERROR_RESOLUTION_FAILED:
		return "resolution-failed";
	case SWIM_ERROR_SEND_FAILED:
		return "send-failed";
	case SWIM_ERROR_RECEIVE_FAILED:
		return "receive-failed";
	case SWIM_ERROR_SOCKET_CLOSED:
		return "socket-closed";
	case SWIM_ERROR_MESSAGE_TOO_LARGE:
		return "message-too-large";
	case SWIM_ERROR_INVALID_ADDRESS:
		return "invalid-address";
	case SWIM_ERROR_BIND_FAILED:
		return "bind-failed";
	}
	__builtin_unreachable();
}

const char *
swim_error_text(enum swim_error error)
{
	switch (error) {
	case SWIM_OK:
		return "no error";
	case SWIM_ERROR_NOT_STARTED:
		return "the transport is not started";
	case SWIM_ERROR_ALREADY_STARTED:
		return "the transport is started already";
	case SWIM_ERROR_RESOLUTION_FAILED:
		return "the name could not be resolved to an address";
	case SWIM_ERROR_SEND_FAILED:
		return "a datagram could not be sent";
	case SWIM_ERROR_RECEIVE_FAILED:
		return "a datagram could not be received";
	case SWIM_ERROR_SOCKET_CLOSED:
		return "the socket is closed";
	case SWIM_ERROR_MESSAGE_TOO_LARGE:
		return "the message is larger than the network can carry";
	case SWIM_ERROR_INVALID_ADDRESS:
		return "datagrams cannot be sent to the address";
	case SWIM_ERROR_BIND_FAILED:
		return "the socket could not be bound to the address";
	}
	__builtin_unreachable();
}
