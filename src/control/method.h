/* SPDX-License-Identifier: MIT */
/* The const table of the methods, which gives dispatch, permission, checks of parameters, and messages. */
#ifndef SWIMD_CONTROL_METHOD_H
#define SWIMD_CONTROL_METHOD_H

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>

#include "control/control_internal.h"
#include "control/refusal.h"

enum method_outcome {
	METHOD_DONE,   /* the result is in request->out */
	METHOD_FAILED, /* the reason is in request->refusal */
	METHOD_LATER,  /* request->client->call will be answered later */
};
/* Carries out a request whose parameters method_check has accepted. */
typedef enum method_outcome method_handler(struct request *);

enum method_type {
	METHOD_STRING,
	METHOD_STRING_OR_LIST,
	METHOD_STRING_LIST,
	METHOD_OBJECT,
	METHOD_BOOL,
	METHOD_UINT, /* an integer, 0 or more */
};

struct method_param {
	const char *name;
	enum method_type type;
	bool required;
	const char *help; /* for error messages */
};

enum method_access { METHOD_READ, METHOD_WRITE };

#define METHOD_PARAMS_MAX 4
struct method {
	const char *name;
	enum method_access access; /* METHOD_WRITE: denied on the read-only socket */
	method_handler *handler;
	const char *help;
	struct method_param params[METHOD_PARAMS_MAX + 1]; /* the last one has the name NULL */
};

/* The number of methods. */
size_t method_count(void);
/* The method at index i, which is below method_count(). */
const struct method *method_at(size_t i);
/* The method of this name, or NULL. */
const struct method *method_find(const char *name, size_t len);
/* Write the names of all methods, "info, members, ...", into buf, cut to cap bytes. */
void method_names(char *buf, size_t cap);

/* True if the method accepts the parameters (NULL: none); otherwise the refusal names the parameter at fault. */
bool method_check(const struct method *, const json_t *params, struct refusal *);

#endif
