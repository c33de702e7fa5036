# Names the objects with which each unit test (tests/unit/test_X.c, a Check program) is linked: those that the test needs,
# and no others. If a test of a file needs more than that file and the floors below it, the file is on the wrong floor.
#
# To run one test of a program by hand, in a debugger and without a fork:
#   CK_FORK=no CK_RUN_CASE=name_of_the_test gdb build/tests/unit/test_X
OBJS_test_status = base/status.o base/error.o
OBJS_test_time =
OBJS_test_buf = base/buf.o
OBJS_test_rng = base/rng.o
OBJS_test_hash = base/hash.o
OBJS_test_histogram = base/histogram.o
OBJS_test_utf8 = base/utf8.o base/rng.o
OBJS_test_addr = base/addr.o
OBJS_test_journal = base/journal.o
OBJS_test_limiter = base/limiter.o base/hash.o
LOG_OBJS = base/log.o base/journal.o base/limiter.o base/hash.o base/utf8.o
OBJS_test_log = $(LOG_OBJS)
OBJS_test_inherit = base/inherit.o

WIRE_OBJS = wire/decode.o wire/encode.o wire/format.o wire/names.o wire/tags.o wire/updates.o base/buf.o \
	base/status.o base/utf8.o
OBJS_test_wire_vectors = $(WIRE_OBJS)
OBJS_test_wire_encode = $(WIRE_OBJS)
OBJS_test_wire_format = $(WIRE_OBJS)
OBJS_test_wire_random = $(WIRE_OBJS) base/rng.o

OBJS_test_retry = net/retry.o
LOOP_OBJS = net/loop.o $(LOG_OBJS)
OBJS_test_loop = $(LOOP_OBJS) base/addr.o
OBJS_test_sockaddr = net/sockaddr.o base/addr.o
OBJS_test_reply_table = net/reply_table.o base/addr.o base/hash.o
OBJS_test_zone = net/zone.o base/addr.o
OBJS_test_netwatch = net/netwatch.o $(LOOP_OBJS) base/addr.o
OBJS_test_reaper = net/reaper.o $(LOOP_OBJS) base/addr.o
OBJS_test_zones = daemon/zones.o
OBJS_test_follow = daemon/follow.o base/addr.o
OBJS_test_ifaces = net/ifaces.o base/addr.o
OBJS_test_route = net/route.o net/ifaces.o net/sockaddr.o base/addr.o

OWN_TAGS_OBJS = daemon/own_tags.o daemon/fault.o wire/tags.o base/buf.o
CONFIG_OBJS = daemon/config.o daemon/config_keys.o daemon/units.o core/profile.o $(OWN_TAGS_OBJS) base/addr.o base/nearest.o \
	$(LOG_OBJS)
OBJS_test_own_tags = $(OWN_TAGS_OBJS) base/utf8.o
OBJS_test_units = daemon/units.o
OBJS_test_lost_name = daemon/lost_name.o daemon/durable.o
OBJS_test_random = daemon/random.o
OBJS_test_config = $(CONFIG_OBJS) daemon/reload.o
OBJS_test_config_file = $(CONFIG_OBJS) daemon/config_file.o daemon/config_load.o daemon/options.o
OBJS_test_options = $(CONFIG_OBJS) daemon/options.o
OWNER_OBJS = daemon/owner.o daemon/word.o
OBJS_test_state = daemon/state.o daemon/reserve.o daemon/durable.o daemon/fault.o daemon/writer.o $(OWNER_OBJS) $(LOOP_OBJS)
OBJS_test_reserve = daemon/reserve.o $(OWNER_OBJS) base/utf8.o
OBJS_test_members_file = daemon/members_file.o base/addr.o base/status.o base/utf8.o $(OWNER_OBJS)
OBJS_test_owner = $(OWNER_OBJS) base/utf8.o
OBJS_test_writer = daemon/writer.o daemon/durable.o $(LOOP_OBJS)
OBJS_test_address = daemon/address.o daemon/fault.o net/sockaddr.o base/addr.o
OBJS_test_health = daemon/health.o base/addr.o base/utf8.o base/error.o

CTL_OBJS = $(patsubst %,ctl/%.o,admin args command connection ctl datagram events help hook hosts info links member_list pairs print \
	problem reply session table tagging wait) wire/decode.o wire/format.o wire/names.o wire/tags.o wire/updates.o \
	base/addr.o base/buf.o base/nearest.o base/status.o base/utf8.o tests/unit/ctl_fake.o
OBJS_test_ctl_args = base/nearest.o ctl/args.o ctl/problem.o ctl/print.o base/utf8.o
OBJS_test_ctl_hosts = ctl/hosts.o ctl/print.o base/addr.o base/utf8.o base/status.o
OBJS_test_ctl_reply = ctl/reply.o
OBJS_test_ctl_connection = ctl/connection.o
OBJS_test_ctl_commands = $(CTL_OBJS)
OBJS_test_ctl_members = $(CTL_OBJS)
OBJS_test_ctl_events = $(CTL_OBJS)
OBJS_test_ctl_wait = $(CTL_OBJS)

OBJS_test_control_emit = control/emit.o control/glob.o base/utf8.o
OBJS_test_control_socket = control/socket.o $(LOG_OBJS)
OBJS_test_admit = net/admit.o base/hash.o base/addr.o
UDP_OBJS = net/udp.o net/admit.o net/udp_error.o net/udp_send.o net/route.o net/ifaces.o net/sockaddr.o net/reply_table.o net/retry.o $(LOOP_OBJS) base/addr.o base/hash.o
OBJS_test_udp = $(UDP_OBJS)
OBJS_test_udp_send = $(UDP_OBJS)
OBJS_test_udp_health = $(UDP_OBJS)
OBJS_test_udp_error = $(UDP_OBJS)
CONTROL_OBJS = tests/unit/control_world.o control/change.o control/client.o control/control.o \
	control/emit.o control/event.o control/glob.o control/method.o control/metrics.o control/query.o \
	control/refusal.o control/request.o control/ring.o control/socket.o control/view.o net/admit.o net/loop.o net/zone.o \
	$(CORE_OBJS) base/error.o base/histogram.o $(LOG_OBJS)
OBJS_test_control_framing = $(CONTROL_OBJS)
OBJS_test_control_connections = $(CONTROL_OBJS)
OBJS_test_namecache = net/namecache.o base/addr.o base/hash.o
OBJS_test_nameserver = net/nameserver.o base/addr.o
RESOLVER_OBJS = net/resolver.o net/dns.o net/nameserver.o net/service.o net/namecache.o net/sockaddr.o $(LOOP_OBJS) base/addr.o \
	base/hash.o base/rng.o
OBJS_test_resolver = $(RESOLVER_OBJS)
HUB_OBJS = $(patsubst %,discovery/%.o,discovery hint peer operator_join seeds) net/retry.o net/zone.o
DISCOVERY_OBJS = $(HUB_OBJS) discovery/discovery_loop.o $(RESOLVER_OBJS)
OBJS_test_discovery_hub = $(HUB_OBJS) discovery/known.o discovery/heard.o base/addr.o base/rng.o $(LOG_OBJS) $(filter-out base/utf8.o,$(WIRE_OBJS))
OBJS_test_avahi_poll = discovery/avahi_poll.o $(LOOP_OBJS)
OBJS_test_discovery = $(DISCOVERY_OBJS)
OBJS_test_hint = $(DISCOVERY_OBJS)
OBJS_test_mdns = discovery/mdns.o discovery/mdns_process.o discovery/mdns_message.o net/route.o net/ifaces.o base/buf.o \
	$(DISCOVERY_OBJS)
OBJS_test_mdns_message = discovery/mdns_message.o base/addr.o base/buf.o base/rng.o
OBJS_test_mdns_txt = discovery/mdns_txt.o base/utf8.o
OBJS_test_discovery_join = $(DISCOVERY_OBJS)
OBJS_test_known = $(DISCOVERY_OBJS) discovery/known.o
OBJS_test_control_events = $(CONTROL_OBJS)
OBJS_test_control_memory = $(CONTROL_OBJS)
OBJS_test_control_methods = $(CONTROL_OBJS)
OBJS_test_control_changes = $(CONTROL_OBJS)
OBJS_test_control_metrics = $(CONTROL_OBJS)
OBJS_test_control_manual = $(CONTROL_OBJS)

CORE_OBJS = $(patsubst src/%.c,%.o,$(wildcard src/core/*.c)) $(WIRE_OBJS) \
	base/addr.o base/hash.o base/rng.o
SWIM_OBJS = $(CORE_OBJS) tests/unit/swim_fixture.o
OBJS_test_swim_accused = $(SWIM_OBJS)
OBJS_test_swim_answered = $(SWIM_OBJS)
OBJS_test_swim_path = $(SWIM_OBJS)
OBJS_test_swim_removal = $(SWIM_OBJS)
OBJS_test_swim_update = $(SWIM_OBJS)
OBJS_test_swim_bounds = $(SWIM_OBJS)
OBJS_test_swim_quota = $(SWIM_OBJS)
OBJS_test_swim_judge = core/judge.o
OBJS_test_swim_gossip = $(SWIM_OBJS)
OBJS_test_swim_input = $(SWIM_OBJS)
OBJS_test_swim_name = $(SWIM_OBJS)
OBJS_test_swim_probe = $(SWIM_OBJS)
OBJS_test_swim_leave = $(SWIM_OBJS)
OBJS_test_swim_sync = $(SWIM_OBJS)
OBJS_test_swim_zone = $(SWIM_OBJS)
OBJS_test_swim_host = $(SWIM_OBJS)
OBJS_test_swim_base = $(SWIM_OBJS)
OBJS_test_swim_relay = $(SWIM_OBJS)
OBJS_test_swim_reach = $(SWIM_OBJS)
OBJS_test_swim_link = $(SWIM_OBJS)
OBJS_test_swim_link_report = $(SWIM_OBJS)
OBJS_test_swim_networks = $(SWIM_OBJS)
OBJS_test_swim_questions = $(SWIM_OBJS)
OBJS_test_swim_ring = $(SWIM_OBJS)
OBJS_test_swim_newcomer = $(SWIM_OBJS)
OBJS_test_swim_speaker = $(SWIM_OBJS)
OBJS_test_swim_suspicion = $(SWIM_OBJS)
OBJS_test_question = $(SWIM_OBJS)
OBJS_test_loss = core/loss.o
OBJS_test_snapshot = daemon/snapshot.o daemon/members_file.o $(OWNER_OBJS) $(HUB_OBJS) discovery/known.o $(LOG_OBJS) $(SWIM_OBJS)
OBJS_test_sim_check = tests/sim/check.o tests/sim/heap.o $(CORE_OBJS)
OBJS_test_sim_history = tests/sim/history.o tests/sim/facts.o tests/sim/check.o tests/sim/heap.o $(SWIM_OBJS)
OBJS_test_sim_facts = tests/sim/facts.o tests/sim/budget.o tests/sim/heap.o $(CORE_OBJS)
