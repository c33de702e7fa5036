/* SPDX-License-Identifier: MIT */
/* Names and numbers of the control protocol (swimd-control(7)) that swimd and swimctl share. */
#ifndef SWIMD_CONTROL_PROTOCOL_H
#define SWIMD_CONTROL_PROTOCOL_H

#define CONTROL_SOCKET_DEFAULT "/run/swimd/swimd.sock"
#define CONTROL_RO_SOCKET_DEFAULT "/run/swimd/swimd-ro.sock"
#define CONTROL_LINE_MAX 65536   /* bytes of a request, without the newline */
#define CONTROL_CLIENTS_MAX 64   /* connections that are served at once, on both sockets together */
#define CONTROL_RING_EVENTS 4096 /* events kept for `since` */
#define CONTROL_PROTOCOL 1

/* JSON-RPC error codes, each with its word, which stands in data.code and does not change. */
#define CONTROL_PARSE_ERROR (-32700)     /* parse-error */
#define CONTROL_INVALID_REQUEST (-32600) /* invalid-request */
#define CONTROL_UNKNOWN_METHOD (-32601)  /* unknown-method */
#define CONTROL_INVALID_PARAMS (-32602)  /* invalid-params */
#define CONTROL_FAILED (-32000)          /* failed: the daemon could not do it */
#define CONTROL_NOT_FOUND (-32001)       /* not-found */
#define CONTROL_DENIED (-32002)          /* denied */
#define CONTROL_TOO_LARGE (-32003)       /* too-large */
#define CONTROL_UNAVAILABLE (-32004)     /* unavailable */
#define CONTROL_CONFLICT (-32005)        /* conflict: not possible in this state */

#endif
