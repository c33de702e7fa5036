/* SPDX-License-Identifier: MIT */
/* The methods: one const table, from which dispatch, permission, checks of parameters and messages derive. */
#ifndef SWIMD_CONTROL_METHOD_H
#define SWIMD_CONTROL_METHOD_H

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>

#include "control/control_internal.h"
#include "control/refusal.h"

enum method_outcome {
	METHOD_DONE,   /* request->out has the result */
	METHOD_FAILED, /* request->refusal says why */
	METHOD_LATER,  /* request->client->call will be answered */
};
typedef enum method_outcome method_handler(struct request *);

enum method_type {
	METHOD_STRING,
	METHOD_STRING_OR_LIST,
	METHOD_STRING_LIST,
	METHOD_OBJECT,
	METHOD_BOOL,
	METHOD_UINT, /* an integer not below 0 */
};

struct method_param {
	const char *name;
	enum method_type type;
	bool required;
	const char *help;
};

enum method_access { METHOD_READ, METHOD_WRITE };

#define METHOD_PARAMS_MAX 4
struct method {
	const char *name;
	enum method_access access; /* WRITE: denied on the read-only socket */
	method_handler *handler;
	const char *help;
	struct method_param params[METHOD_PARAMS_MAX + 1]; /* ends with a NULL name */
};

/* i < method_count. */
size_t method_count(void);
const struct method *method_at(size_t i);
const struct method *method_find(const char *name, size_t len);
/* "info, members, ...", for messages. */
void method_names(char *buf, size_t cap);

/* True if the parameters (NULL: none) are those that the method takes; else refusal says which is not. */
bool method_check(const struct method *, const json_t *params, struct refusal *);

#endif
