/* SPDX-License-Identifier: MIT */
/* Tests the table of keys, single values, the order of sources, and what a reload does with a changed key. */
#include "daemon/config.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/fault.h"
#include "daemon/reload.h"
#include "support/unit.h"

static struct config_given given;
static char fault[FAULT_MAX];

static bool
give(const char *key, const char *text)
{
	ck_assert_msg(config_find(key) != NULL, "no key %s", key);
	return config_set(&given, config_find(key), CONFIG_REPLACE, text, "here", fault);
}

static void
taken(const char *key, const char *text)
{
	ck_assert_msg(give(key, text), "%s", fault);
}

static void
refused(const char *key, const char *text, const char *word)
{
	ck_assert_msg(!give(key, text), "%s = '%s' was taken", key, text);
	ck_assert_msg(strstr(fault, "here: ") == fault && strstr(fault, key) != NULL, "%s", fault);
	ck_assert_msg(strstr(fault, word) != NULL, "no '%s' in: %s", word, fault);
}

static struct config
built(void)
{
	struct config config;

	taken("name", "n1");
	ck_assert_msg(config_build(&given, &config, fault), "%s", fault);
	return config;
}

static void
timing_is(const struct config *config, enum swim_profile profile)
{
	struct config other = {0};
	size_t rows;
	const struct config_key *keys = config_keys(&rows);

	swim_timing_profile(profile, &other.timing);
	for (size_t i = 0; i < rows; i++) {
		if (keys[i].offset >= offsetof(struct config, timing) &&
		    keys[i].offset < offsetof(struct config, timing) + sizeof(other.timing))
			ck_assert_msg(config_equal(&keys[i], config, &other), "%s", keys[i].name);
	}
}

START_TEST(every_key_has_a_help_text_a_variable_of_its_own_and_a_valid_default)
{
	size_t rows;
	const struct config_key *keys = config_keys(&rows);
	char name[64], other[64];

	ck_assert_uint_gt(rows, 30);
	for (size_t i = 0; i < rows; i++) {
		ck_assert_uint_eq(config_row(&keys[i]), i);
		ck_assert_ptr_eq(config_find(keys[i].name), &keys[i]);
		ck_assert_msg(keys[i].help != NULL, "%s", keys[i].name);
		ck_assert_msg(keys[i].argument != NULL || keys[i].option == NULL ||
				  keys[i].type == CONFIG_BOOL,
		    "%s", keys[i].name);
		config_environment_name(&keys[i], name);
		ck_assert_uint_eq(strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"), strlen(name));
		for (size_t k = 0; k < i; k++) {
			config_environment_name(&keys[k], other);
			ck_assert_str_ne(name, other);
		}
		/* A default is checked like any other value. */
		if (keys[i].fallback != NULL && keys[i].type != CONFIG_LIST)
			taken(keys[i].name, keys[i].fallback);
	}
	ck_assert_ptr_null(config_find("nonsense"));
	config_given_fini(&given);
}
END_TEST

START_TEST(defaults_are_as_documented)
{
	struct config config = built();

	ck_assert_str_eq(config.name, "n1");
	ck_assert_str_eq(config.cluster, "");
	ck_assert_str_eq(config.bind, "[::]:7946");
	ck_assert_str_eq(config.advertise, "");
	ck_assert_str_eq(config.state_dir, SWIM_STATE_DIR);
	ck_assert_str_eq(config.socket, SWIM_RUN_DIR "/swimd.sock");
	ck_assert_str_eq(config.ro_socket, SWIM_RUN_DIR "/swimd-ro.sock");
	ck_assert_str_eq(config.socket_group, "swimd");
	ck_assert_uint_eq(config.seeds.count, 0);
	ck_assert(config.mdns);
	ck_assert_int_eq(config.profile, SWIM_PROFILE_LAN);
	timing_is(&config, SWIM_PROFILE_LAN);
	ck_assert_uint_eq(config.max_datagram, WIRE_DATAGRAM_DEFAULT);
	ck_assert_uint_eq(config.max_members, SWIM_MEMBERS_DEFAULT);
	ck_assert_uint_eq(config.max_jump, SWIM_JUMP_DEFAULT);
	ck_assert_uint_eq(config.retry_attempts, 3);
	ck_assert_int_eq(config.retry_first.ns, swim_ms(10).ns);
	ck_assert_int_eq(config.retry_max.ns, swim_ms(100).ns);
	ck_assert_int_eq(config.log_level, LOG_LEVEL_INFO);
	ck_assert_int_eq(config.log_format, LOG_FORMAT_AUTO);
	config_fini(&config);
	config_given_fini(&given);
}
END_TEST

START_TEST(bad_values_are_refused_and_change_nothing)
{
	char name[300], path[120];
	struct config config;

	taken("probe_interval", "2s");
	refused("probe_interval", "0s", "range");
	refused("probe_interval", "2h", "range");
	refused("probe_interval", "500", "unit");
	refused("max_datagram", "1023", "range");
	refused("max_datagram", "65508", "range");
	refused("retry_attempts", "0", "range");
	refused("max_members", "1", "range");
	refused("retry_factor", "0.5", "range");
	refused("mdns", "perhaps", "true");
	taken("mdns_service", "_a-b9._tcp");
	refused("mdns_service", "", "_swim._udp");
	refused("mdns_service", "swim._udp", "_swim._udp");
	refused("mdns_service", "_swim._sctp", "_swim._udp");
	refused("mdns_service", "_swim._udp.local", "_swim._udp");
	refused("mdns_service", "_a.b._udp", "_swim._udp");
	refused("mdns_service", "_sixteen-letters-._udp", "_swim._udp");
	taken("mdns_domain", "example.org");
	refused("mdns_domain", "", "local");
	refused("mdns_domain", "local:1", "local");
	refused("mdns_domain", "lo cal", "local");
	refused("mdns_timeout", "0.5s", "range");
	refused("mdns_interfaces", "", "empty");
	refused("mdns_interfaces", "a/b", "interface");
	refused("mdns_interfaces", "sixteen-letters-", "15");
	refused("profile", "moon", "lan");
	refused("log_level", "loud", "trace");
	refused("log_format", "xml", "json");
	refused("bind", "", "host");
	refused("bind", "127.0.0.1:x", "port");
	refused("bind", "224.0.0.1:7946", "multicast");
	refused("bind", "[ff02::1]:7946", "multicast");
	refused("bind", "255.255.255.255:7946", "broadcast");
	refused("advertise", "255.255.255.255:7946", "broadcast");
	refused("advertise", "0.0.0.0:7946", "wildcard");
	refused("advertise", "10.0.0.1:0", "port");
	refused("seeds", "[::]:7946", "wildcard");
	refused("seeds", "224.0.0.1", "multicast");
	refused("seeds", "a:0", "port");
	refused("seeds", "srv:_swim._udp.example.org:7946", "without a port");
	refused("seeds", "srv:", "service");
	refused("device", "0123456789abcdef", "15");
	refused("device", "eth/0", "interface");
	refused("state_dir", "", "empty");
	refused("socket", "", "empty");
	memset(path, 'x', 108);
	path[108] = '\0';
	refused("socket", path, "107");
	refused("ro_socket", path, "107");
	path[107] = '\0';
	taken("ro_socket", path);
	refused("name", "", "empty");
	refused("name", "a b", "character");
	refused("name", "a/b", "character");
	refused("name", "n\xc3\xb8", "character");
	memset(name, 'n', sizeof(name));
	name[256] = '\0';
	refused("name", name, "255");
	refused("cluster", name + 256 - 65, "64");
	name[255] = '\0';
	taken("name", name);
	taken("cluster", name + 255 - 64);
	taken("name", "[a]:b.c_d-E9");
	taken("bind", "127.0.0.1:0");
	taken("bind", "::");
	taken("advertise", "");
	config = built();
	ck_assert_int_eq(config.timing.probe_interval.ns, swim_seconds(2).ns);
	ck_assert_str_eq(config.bind, "::");
	config_fini(&config);
	config_given_fini(&given);
}
END_TEST

/* A control sequence in a value must not reach the terminal. */
START_TEST(a_bad_value_is_shown_escaped)
{
	ck_assert(!give("name", "a\x1b[2Jb\n"));
	for (const char *p = fault; *p != '\0'; p++)
		ck_assert_msg(*p >= ' ' && *p <= '~', "%s", fault);
}
END_TEST

START_TEST(a_timing_key_overrides_the_profile)
{
	struct config config;
	struct swim_timing wan;

	swim_timing_profile(SWIM_PROFILE_WAN, &wan);
	taken("gossip_fanout", "7");
	taken("profile", "wan");
	config = built();
	ck_assert_uint_eq(config.timing.gossip_fanout, 7);
	ck_assert_int_eq(config.timing.probe_interval.ns, wan.probe_interval.ns);
	config_fini(&config);
	config_given_fini(&given);
}
END_TEST

START_TEST(a_given_socket_disables_the_default_read_only_socket)
{
	struct config config;

	taken("socket", "/tmp/s");
	config = built();
	ck_assert_str_eq(config.ro_socket, "");
	config_fini(&config);
	taken("ro_socket", "/tmp/r");
	config = built();
	ck_assert_str_eq(config.ro_socket, "/tmp/r");
	config_fini(&config);
	config_given_fini(&given);
}
END_TEST

START_TEST(an_error_names_both_of_two_contradicting_keys)
{
	struct config config;

	taken("name", "n1");
	taken("probe_timeout", "3s");
	ck_assert(!config_build(&given, &config, fault));
	ck_assert_msg(strstr(fault, "probe_timeout (here)") != NULL &&
			  strstr(fault, "probe_interval (default)") != NULL,
	    "%s", fault);
	taken("probe_interval", "3s");
	config = built();
	config_fini(&config);
	taken("retry_first", "200ms");
	ck_assert(!config_build(&given, &config, fault));
	taken("retry_first", "100ms");
	taken("socket", "/tmp/s");
	taken("ro_socket", "/tmp/s");
	ck_assert(!config_build(&given, &config, fault));
	ck_assert_msg(strstr(fault, "ro_socket") != NULL, "%s", fault);
	config_given_fini(&given);
}
END_TEST

START_TEST(a_list_takes_at_most_64_items)
{
	const struct config_key *seeds = config_find("seeds");
	struct config config;

	for (int i = 0; i < CONFIG_LIST_MAX; i++)
		ck_assert(config_set(&given, seeds, CONFIG_APPEND, "db1", "here", fault));
	ck_assert(!config_set(&given, seeds, CONFIG_APPEND, "db1", "here", fault));
	ck_assert_msg(strstr(fault, "64") != NULL, "%s", fault);
	config = built();
	ck_assert_uint_eq(config.seeds.count, CONFIG_LIST_MAX);
	config_fini(&config);
	ck_assert(config_set_empty(&given, seeds, "there", fault));
	config = built();
	ck_assert_uint_eq(config.seeds.count, 0);
	ck_assert_str_eq(config.origin[config_row(seeds)], "there");
	config_fini(&config);
	config_given_fini(&given);
}
END_TEST

START_TEST(a_tag_needs_a_key_and_a_value_of_limited_size)
{
	static char large[WIRE_TAGS_MAX + 2];
	const struct config_key *tags = config_find("tags");
	struct config config;

	ck_assert(!config_set(&given, tags, CONFIG_REPLACE, "role", "here", fault));
	ck_assert_str_eq(fault,
	    "here: tags: 'role' is not a tag: give a key and a value, as in role=db");
	ck_assert(!config_set(&given, tags, CONFIG_REPLACE, "=db", "here", fault));
	ck_assert(!config_set(&given, tags, CONFIG_REPLACE, "role=\xff", "here", fault));
	memset(large, 'x', sizeof(large) - 1);
	ck_assert(!config_set(&given, tags, CONFIG_REPLACE, large, "here", fault));
	large[256] = '=';
	ck_assert(!config_set(&given, tags, CONFIG_REPLACE, large, "here", fault));
	large[255] = '=';
	ck_assert(!config_set(&given, tags, CONFIG_REPLACE, large, "here", fault));
	large[WIRE_TAGS_MAX] = '\0';
	/* The size of all tags with their lengths is checked only when all tags are known. */
	ck_assert(config_set(&given, tags, CONFIG_REPLACE, large, "here", fault));
	ck_assert(!config_build(&given, &config, fault));
	ck_assert_msg(strstr(fault, "tags (here): the tags are larger") != NULL, "%s", fault);
	ck_assert(config_set(&given, tags, CONFIG_REPLACE, "role=db", "here", fault));
	ck_assert(config_set(&given, tags, CONFIG_APPEND, "role=web", "here", fault));
	ck_assert(!config_build(&given, &config, fault));
	ck_assert_str_eq(fault, "tags (here): the tag 'role' is given twice");
	ck_assert(config_set(&given, tags, CONFIG_REPLACE, "role=", "here", fault));
	config = built();
	ck_assert_str_eq(config.tags.items[0], "role=");
	config_fini(&config);
	config_given_fini(&given);
}
END_TEST

START_TEST(a_higher_source_replaces_the_whole_list)
{
	const struct config_key *seeds = config_find("seeds");
	struct config_given upper = {0};
	struct config config;

	ck_assert(config_set(&given, seeds, CONFIG_APPEND, "a", "low", fault));
	ck_assert(config_set(&given, seeds, CONFIG_APPEND, "b", "low", fault));
	taken("cluster", "kept");
	ck_assert(config_set(&upper, seeds, CONFIG_APPEND, "c", "high", fault));
	ck_assert(config_set(&upper, config_find("mdns"), CONFIG_REPLACE, "false", "high", fault));
	ck_assert(config_overlay(&given, &upper, fault));
	config = built();
	ck_assert_uint_eq(config.seeds.count, 1);
	ck_assert_str_eq(config.seeds.items[0], "c");
	ck_assert_str_eq(config.origin[config_row(seeds)], "high");
	ck_assert_str_eq(config.cluster, "kept");
	ck_assert(!config.mdns);
	config_fini(&config);
	config_given_fini(&upper);
	config_given_fini(&given);
}
END_TEST

START_TEST(a_reload_applies_live_keys_and_reports_the_others)
{
	struct config running = built(), fresh;
	struct reload_plan plan;

	reload_compare(&running, &running, &plan);
	ck_assert_uint_eq(plan.live_count + plan.applied_count + plan.needs_restart_count, 0);
	taken("log_level", "debug");
	taken("seeds", "db1");
	taken("probe_interval", "700ms");
	taken("cluster", "other");
	taken("bind", "127.0.0.1:1");
	fresh = built();
	reload_compare(&running, &fresh, &plan);
	/* Sorted by name, like all lists of the control protocol. */
	ck_assert_uint_eq(plan.applied_count, 3);
	ck_assert_str_eq(plan.applied[0], "log_level");
	ck_assert_str_eq(plan.applied[1], "probe_interval");
	ck_assert_str_eq(plan.applied[2], "seeds");
	ck_assert_uint_eq(plan.needs_restart_count, 2);
	ck_assert_str_eq(plan.needs_restart[0], "bind");
	ck_assert_str_eq(plan.needs_restart[1], "cluster");
	reload_adopt(&plan, &running, &fresh);
	ck_assert_int_eq(running.log_level, LOG_LEVEL_DEBUG);
	ck_assert_str_eq(running.seeds.items[0], "db1");
	ck_assert_int_eq(running.timing.probe_interval.ns, swim_ms(700).ns);
	ck_assert_str_eq(running.bind, "[::]:7946");
	config_fini(&fresh);
	/* The next reload reports again the keys that still need a restart. */
	fresh = built();
	reload_compare(&running, &fresh, &plan);
	ck_assert_uint_eq(plan.applied_count, 0);
	ck_assert_uint_eq(plan.needs_restart_count, 2);
	config_fini(&fresh);
	config_fini(&running);
	config_given_fini(&given);
}
END_TEST

START_TEST(a_new_profile_changes_the_timing)
{
	struct config running = built(), fresh;
	struct reload_plan plan;

	taken("profile", "fast");
	fresh = built();
	reload_compare(&running, &fresh, &plan);
	ck_assert_uint_eq(plan.applied_count, 1);
	ck_assert_str_eq(plan.applied[0], "profile");
	ck_assert_uint_gt(plan.live_count, 1);
	reload_adopt(&plan, &running, &fresh);
	timing_is(&running, SWIM_PROFILE_FAST);
	config_fini(&fresh);
	config_fini(&running);
	config_given_fini(&given);
}
END_TEST

UNIT_MAIN("config", every_key_has_a_help_text_a_variable_of_its_own_and_a_valid_default,
    defaults_are_as_documented, bad_values_are_refused_and_change_nothing,
    a_bad_value_is_shown_escaped, a_timing_key_overrides_the_profile,
    a_given_socket_disables_the_default_read_only_socket,
    an_error_names_both_of_two_contradicting_keys, a_list_takes_at_most_64_items,
    a_tag_needs_a_key_and_a_value_of_limited_size, a_higher_source_replaces_the_whole_list,
    a_reload_applies_live_keys_and_reports_the_others, a_new_profile_changes_the_timing)
