/* SPDX-License-Identifier: MIT */
/* Turns off rules of the protocol (base/rule.h) for all simulated members. */
#ifndef SIM_RULES_H
#define SIM_RULES_H

/* Prints a line for each rule: its name and its text. */
void rules_print(void);

/* Turns off the rules in `names`, which are separated by commas.  Ends the program if there is no such rule. */
void rules_turn_off(const char *names);

/* "--without NAME,NAME " with the rules that are turned off; "" if all are on.  Static. */
const char *rules_option(void);

#endif
