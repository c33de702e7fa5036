/* SPDX-License-Identifier: MIT */
/* Which rules of the protocol (base/rule.h) the simulated members do without. */
#ifndef SIM_RULES_H
#define SIM_RULES_H

/* A line for each rule: its name and what it says. */
void rules_print(void);

/* Turns off the rules that `names` lists, separated by commas.  Ends the program where there is no such rule. */
void rules_turn_off(const char *names);

/* "--without NAME,NAME " for the rules that are turned off; "" for none. */
const char *rules_option(void);

#endif
