# swimd: GNU make. `make help` lists the targets; HACKING.md tells how to work with them.
#
#   BUILD=DIR          where everything is built (default: build); the source tree stays clean
#   CONFIGURE_ARGS=…   for configure, e.g. --without-systemd (default: as last time)
#   CC=, CFLAGS=, …    as usual; SAN=address,undefined adds sanitizers; WERROR=1 makes warnings errors
#   PREFIX=, DESTDIR=  for install (default: /usr/local)
#   V=1                show the commands

SHELL := /bin/sh
MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.SECONDARY:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

BUILD ?= build
override BUILD := $(patsubst %/,%,$(BUILD))
B := $(BUILD)
PYTHON ?= /usr/bin/python3
JOBS ?= $(shell nproc)
GOALS := $(or $(MAKECMDGOALS),all)

# One job a processor unless the user says otherwise (a -j of theirs wins). A make under a make has its
# share already.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(JOBS)
endif

ifneq ($(filter deps,$(GOALS)),)

# `make deps check`: the packages come first, and only then is there an autoconf to run. So the rest of
# the goals go to a make of their own, which reads this file anew.
rest := $(filter-out deps,$(GOALS))
.PHONY: deps $(rest)
.NOTPARALLEL:
# deps:        install the Debian packages that are missing: `make deps check` those for check, alone all
deps:
	@sh .ci/deps.sh $(rest)
ifneq ($(rest),)
$(firstword $(rest)): deps
	@$(MAKE) $(rest)
$(wordlist 2,$(words $(rest)),$(rest)): $(firstword $(rest))
	@:
endif

else ifeq ($(filter-out clean distclean dist help,$(GOALS)),)

# These need no configuration.
.PHONY: clean distclean dist help
VERSION := $(shell sed -n 's/^AC_INIT(\[swimd\], \[\(.*\)\])$$/\1/p' configure.ac)

# clean:       remove the build directory
clean distclean:
	rm -rf $(B)

# dist:        a tarball of HEAD in the build directory
dist:
	@mkdir -p $(B)
	git archive --format=tar --prefix=swimd-$(VERSION)/ HEAD | gzip -9n >$(B)/swimd-$(VERSION).tar.gz
	@echo $(B)/swimd-$(VERSION).tar.gz

help:
	@sed -n '/^# [a-z-]*:  /s/^# //p' Makefile

else

# ---------------------------------------------------------------------------------------- configure
include $(B)/config.mk

$(B)/configure: configure.ac
	@mkdir -p $(B)
	@command -v autoconf >/dev/null || { \
		echo "make: autoconf is missing; run 'make deps', or on Debian: apt-get install autoconf" >&2; \
		exit 69; }
	@echo '  AUTOCONF $(B)'
	@cd $(B) && autoconf -Wall -o configure $(CURDIR)/configure.ac

$(B)/config.mk $(B)/config.h &: $(B)/configure src/config.mk.in src/config.h.in
	@echo '  CONFIGURE $(B)'
	@cd $(B) && if [ -n '$(CONFIGURE_ARGS)' ] || [ ! -f config.status ]; \
		then ./configure -q --srcdir=$(CURDIR) $(CONFIGURE_ARGS); \
		else ./config.status -q --recheck && ./config.status -q; fi
	@touch $(B)/config.mk $(B)/config.h

# -------------------------------------------------------------------------------------------- flags
ifeq ($(origin CC),default)
CC := $(CONFIGURED_CC)
endif
CFLAGS ?= $(or $(CONFIGURED_CFLAGS),$(if $(SAN),-O1,-O2) -g)
CPPFLAGS ?= $(CONFIGURED_CPPFLAGS)
LDFLAGS ?= $(CONFIGURED_LDFLAGS)
PREFIX ?= $(CONFIGURED_PREFIX)

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla \
	-Wformat=2 -Wwrite-strings -Wundef -Wswitch-enum
ifeq ($(WERROR),1)
WERROR_FLAG := -Werror
endif
ifneq ($(SAN),)
# Fortified functions hide accesses from AddressSanitizer.
FORTIFY_CPPFLAGS :=
SAN_CFLAGS := -fsanitize=$(subst fuzzer,fuzzer-no-link,$(SAN)) -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
# Instrumented code misleads the warnings that follow values around; a plain build judges those.
WARNINGS += -Wno-format-truncation -Wno-stringop-truncation -Wno-maybe-uninitialized \
	-Wno-unknown-warning-option
SAN_LDFLAGS := -fsanitize=$(subst fuzzer,fuzzer-no-link,$(SAN))
endif

# config.h comes to every file unasked: src/daemon has a config.h of its own, about another thing.
ALL_CPPFLAGS = -include $(B)/config.h -I$(B) -Isrc -D_GNU_SOURCE $(FORTIFY_CPPFLAGS) $(LIB_CFLAGS) $(CPPFLAGS)
ALL_CFLAGS = -std=gnu17 $(WARNINGS) $(HARDEN_CFLAGS) $(CFLAGS) $(SAN_CFLAGS)
ALL_LDFLAGS = $(HARDEN_LDFLAGS) $(LDFLAGS) $(SAN_LDFLAGS)

ifneq ($(V),1)
say = @echo "  $(1)"; 
endif

# What objects depend on besides their sources; rewritten only when it changes.
define stamp
$(B)/$(1): FORCE
	@printf '%s\n' '$(subst ','\'',$(2))' >$$@.new; \
	if cmp -s $$@.new $$@; then rm $$@.new; else mv $$@.new $$@; fi
endef
.PHONY: FORCE
FORCE:
$(eval $(call stamp,.flags,$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS)))
$(eval $(call stamp,.files,$(sort $(wildcard src/*/*.c tests/*/*.c))))

# ------------------------------------------------------------------------------------------ objects
# From the top floor down, which is the order in which the linker needs the archives.
FLOORS := daemon control discovery net core wire base
MAINS := $(B)/obj/daemon/swimd.o
objects = $(patsubst src/%.c,$(B)/obj/%.o,$(wildcard src/$(1)/*.c))
floors = $(patsubst %,$(B)/lib%.a,$(1))
ALL_FLOORS := $(call floors,$(FLOORS))

$(B)/obj/%.o: src/%.c $(B)/.flags $(B)/config.h
	@mkdir -p $(@D)
	$(call say,CC $<)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(WERROR_FLAG) -MMD -MP -c -o $@ $<

# The core once more for the simulator, which can turn off rules there (src/base/rule.h).
$(B)/obj-rules/%.o: src/%.c $(B)/.flags $(B)/config.h
	@mkdir -p $(@D)
	$(call say,CC $< with rules)$(CC) $(ALL_CPPFLAGS) -DSWIM_RULES $(ALL_CFLAGS) $(WERROR_FLAG) -MMD -MP -c -o $@ $<

# A test may be run from anywhere, and finds its data below TOP_DIR.
TEST_CPPFLAGS = -Itests -DTOP_DIR='"$(CURDIR)"' $(CHECK_CFLAGS)
$(B)/obj/tests/%.o: tests/%.c $(B)/.flags $(B)/config.h
	@mkdir -p $(@D)
	$(call say,CC $<)$(CC) $(ALL_CPPFLAGS) $(TEST_CPPFLAGS) $(ALL_CFLAGS) $(WERROR_FLAG) -MMD -MP -c -o $@ $<

-include $(shell find $(wildcard $(B)/obj $(B)/obj-rules) /dev/null -name '*.d')

define floor
$(B)/lib$(1).a: $(filter-out $(MAINS),$(call objects,$(1))) $(B)/.files
	@rm -f $$@
	$$(call say,AR $$@)$(AR) rcs $$@ $$(filter %.o,$$^)
endef
$(foreach f,$(FLOORS),$(eval $(call floor,$(f))))

# ----------------------------------------------------------------------------------------- programs
.PHONY: all
# all:         build swimd and swimctl (the default)
all: $(B)/swimd $(B)/swimctl

link = $(call say,LD $@)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@

$(B)/swimd: $(MAINS) $(ALL_FLOORS)
	$(link) $^ $(SWIMD_LIBS)

$(B)/swimctl: $(call objects,ctl) $(call floors,wire base) $(B)/.files
	$(link) $(filter %.o %.a,$^) $(SWIMCTL_LIBS)

# -------------------------------------------------------------------------------------------- tests
include $(wildcard tests/unit/unit.mk)

programs = $(patsubst tests/$(1)/%.c,%,$(wildcard tests/$(1)/$(2)_*.c))
UNIT_TESTS := $(call programs,unit,test)
FUZZERS := $(call programs,fuzz,fuzz)
BENCHES := $(call programs,bench,bench)

UNIT_BINS := $(UNIT_TESTS:%=$(B)/tests/unit/%)
FUZZ_REPLAYS := $(FUZZERS:%=$(B)/tests/fuzz/%-replay)
FUZZ_BINS := $(FUZZERS:%=$(B)/tests/fuzz/%)
BENCH_BINS := $(BENCHES:%=$(B)/tests/bench/%)
SIM_BIN := $(if $(wildcard tests/sim/*.c),$(B)/sim-test)

# Only tests need Check, so configure does not ask for it: it may well be installed after the first build.
CHECK_CFLAGS = $(shell $(PKG_CONFIG) --cflags check)
CHECK_LIBS = $(shell $(PKG_CONFIG) --libs check)
.PHONY: libcheck
libcheck:
	@$(PKG_CONFIG) --exists 'check >= 0.15' || { \
		echo "make: the tests need libcheck; run 'make deps', or on Debian: apt-get install check" >&2; \
		exit 69; }
$(UNIT_TESTS:%=$(B)/obj/tests/unit/%.o): | libcheck

# A unit test is linked with the objects that tests/unit/unit.mk names, and with no other.
$(foreach t,$(UNIT_TESTS),$(eval $(B)/tests/unit/$(t): $(OBJS_$(t):%=$(B)/obj/%)))
$(UNIT_BINS): $(B)/tests/unit/%: $(B)/obj/tests/unit/%.o tests/unit/unit.mk
	$(if $(filter undefined,$(origin OBJS_$*)),@echo "make: tests/unit/unit.mk has no line OBJS_$* = …" >&2; exit 1)
	@mkdir -p $(@D)
	$(link) $(filter %.o,$^) $(CHECK_LIBS) $(SWIMD_LIBS) $(SWIMCTL_LIBS)

$(FUZZ_REPLAYS): $(B)/tests/fuzz/%-replay: $(B)/obj/tests/fuzz/%.o $(B)/obj/tests/fuzz/replay.o \
		$(ALL_FLOORS)
	@mkdir -p $(@D)
	$(link) $^ $(SWIMD_LIBS)

$(FUZZ_BINS): $(B)/tests/fuzz/%: $(B)/obj/tests/fuzz/%.o $(ALL_FLOORS)
	@mkdir -p $(@D)
	$(link) -fsanitize=fuzzer $^ $(SWIMD_LIBS)

$(BENCH_BINS): $(B)/tests/bench/%: $(B)/obj/tests/bench/%.o $(ALL_FLOORS)
	@mkdir -p $(@D)
	$(link) $^ $(SWIMD_LIBS)

# What the simulator takes of other floors: code without I/O (PURE_FILES of tests/house.py), with nothing of the loop.
SIM_OBJS = daemon/reserve.o daemon/owner.o daemon/word.o net/retry.o net/zone.o \
	$(patsubst %,discovery/%.o,discovery hint known operator_join peer seeds)
$(B)/libsim.a: $(SIM_OBJS:%=$(B)/obj-rules/%)
	@rm -f $@
	$(call say,AR $@)$(AR) rcs $@ $^
$(B)/sim-test: $(patsubst tests/%.c,$(B)/obj/tests/%.o,$(wildcard tests/sim/*.c)) \
		$(patsubst src/%.c,$(B)/obj-rules/%.o,$(wildcard src/core/*.c)) $(B)/libsim.a $(call floors,wire base) $(B)/.files
	$(link) $(filter %.o %.a,$^) $(SIM_LIBS)

# Sends the floods of tests/system/test_flood.py and of bench-flood.
FLOOD_BIN := $(B)/tests/flood/flood
$(FLOOD_BIN): $(B)/obj/tests/flood/flood.o
	@mkdir -p $(@D)
	$(link) $^

# Everything that a compiler can say something about.
.PHONY: test-programs everything
test-programs: $(UNIT_BINS) $(FUZZ_REPLAYS) $(SIM_BIN) $(FLOOD_BIN)
everything: all test-programs $(BENCH_BINS)

# What tests/run.py runs, as kind:name=command; it prints one closing line over all of them.
RUN := $(PYTHON) -B tests/run.py --build $(B) --jobs $(JOBS)
# Real daemons mostly wait, so many tests with them share a processor, with each other and with the rest.
SYSTEM_JOBS ?= $(shell expr 4 '*' $(JOBS))
SIM_ARGS ?=
SIM_QUICK_ARGS ?= --quick
jobs_native = $(foreach t,$(UNIT_TESTS),'check:unit $(t)=$(1)/tests/unit/$(t)') \
	$(foreach f,$(FUZZERS),'exit:replay $(f)=$(1)/tests/fuzz/$(f)-replay $(wildcard tests/fuzz/corpus/$(f:fuzz_%=%))') \
	$(if $(SIM_BIN),'tap:sim=$(1)/sim-test $(2)')
jobs_house = 'tap:house=$(PYTHON) -B tests/house.py $(B)' 'tap:docs=$(PYTHON) -B tests/docs.py $(B)' \
	'tap:verdict=$(PYTHON) -B tests/bench/verdict.py --check' \
	$(if $(SIM_BIN),'tap:detection=$(PYTHON) -B tests/sim/detection.py --check $(B)' \
		'tap:broken=$(PYTHON) -B tests/sim/broken.py --tries')
pytest_system = $(PYTHON) -B -m pytest -q -n $(SYSTEM_JOBS)
jobs_system = $(if $(wildcard tests/system/test_*.py),'pytest:system=$(pytest_system) -m "not long" tests/system')
# Trials that last by their nature: what they are about takes its minutes on any machine.
jobs_long = 'pytest:long=$(pytest_system) -rA -m "long and not flood and not upgrade" tests/system'
jobs_upgrade = 'pytest:upgrade=$(pytest_system) -rA -m upgrade tests/system'
# Floods leave no processor time for other tests, so one runs at a time and nothing beside it.
jobs_flood = 'pytest:flood=$(PYTHON) -B -m pytest -q -rA -m flood tests/system'

.PHONY: check check-long check-upgrade check-flood check-roots quickcheck asan
# check:       every test: units, fuzz corpora and simulator, plain and under sanitizers, and real daemons; minutes
check: all test-programs
	@$(MAKE) BUILD=$(B)/asan SAN=address,undefined WERROR=1 all test-programs
	@$(RUN) $(call jobs_native,$(B),$(SIM_ARGS)) $(jobs_house) \
		$(subst :,:asan ,$(call jobs_native,$(B)/asan,$(SIM_QUICK_ARGS))) $(jobs_system)

# check-long:  trials that last minutes, such as loss and cuts among twenty daemons
check-long: all
	@$(RUN) $(jobs_long)

# check-upgrade:  ten daemons of an older swimd, which SWIMD_OLD=PATH names, are upgraded one at a time beside base peers; minutes
check-upgrade: all
	@$(if $(SWIMD_OLD),SWIMD_OLD='$(abspath $(SWIMD_OLD))' $(RUN) $(jobs_upgrade),echo 'check-upgrade: SWIMD_OLD=PATH has to name a swimd of an older version' >&2; exit 1)

# check-flood:  short floods of every kind against real daemons, one after the other; minutes
check-flood: all $(FLOOD_BIN)
	@$(RUN) $(jobs_flood)

# check-roots:  make check in fresh roots of Debian 12 and 13: as root, without capabilities, as a user, in a chroot; needs root; hours; ROOTS=trixie/user runs one of them
ROOTS ?= bookworm trixie
check-roots:
	@sh tests/roots.sh $(B)/roots $(ROOTS)

# quickcheck:  units, house rules, fuzz corpora and a short simulation, in half a minute
quickcheck: all test-programs
	@$(RUN) $(call jobs_native,$(B),$(SIM_QUICK_ARGS)) $(jobs_house)

# asan:        units, corpora and simulator under ASan, UBSan and LSan, a minute; SYSTEM=1 takes real daemons too
ifeq ($(SAN),)
asan:
	@$(MAKE) BUILD=$(B)/asan SAN=address,undefined WERROR=1 asan
else
asan: all test-programs
	@$(RUN) $(call jobs_native,$(B),$(SIM_ARGS)) $(if $(filter 1,$(SYSTEM)),$(jobs_system))
endif

.PHONY: sim
# sim:         every scenario, light ones with SIM_EACH_SEEDS=5 fresh seeds, SIM_SEEDS=10000 random swarms of each kind, some of sim-lifeguard; half an hour
SIM_SEEDS ?= 10000
SIM_EACH_SEEDS ?= 5
sim: $(SIM_BIN)
	@$(B)/sim-test
	@$(B)/sim-test --each --quick --seeds $(SIM_EACH_SEEDS) --jobs $(JOBS)
	@$(B)/sim-test --seeds $(SIM_SEEDS) --jobs $(JOBS)
	@$(B)/sim-test --scenario swarm-mixed --seeds $(SIM_SEEDS) --jobs $(JOBS)
	@$(PYTHON) -B tests/sim/lifeguard.py --quick $(B)

.PHONY: sim-broken
# sim-broken:  turns off each rule of the protocol and shows that the simulator catches that, in which scenario with which seed; minutes
sim-broken: $(SIM_BIN)
	@$(PYTHON) -B tests/sim/broken.py $(B)

.PHONY: sim-ablate
# sim-ablate:  turns off each rule of the protocol and tells what gets worse, by how much; goes on where it was stopped; ABLATE='RULE RULE' names some, ABLATE=--rows writes the results into swimd-protocol(7)
ABLATE ?=
sim-ablate: $(SIM_BIN)
	@$(PYTHON) -B tests/sim/ablate.py --jobs $(JOBS) $(B) $(ABLATE)

.PHONY: sim-lifeguard sim-detection
# sim-lifeguard:  experiments after Lifeguard's: false positives and latencies beside plain SWIM and the paper, 20 minutes
SIM_LIFEGUARD_ARGS ?=
sim-lifeguard: $(SIM_BIN)
	@$(PYTHON) -B tests/sim/lifeguard.py $(SIM_LIFEGUARD_ARGS) $(B)

# sim-detection:  the table in swimd.conf(5) of how long a crash takes to be told, 10 minutes
sim-detection: $(SIM_BIN)
	@$(PYTHON) -B tests/sim/detection.py $(B)

.PHONY: sim-large
# sim-large:   the simulator at size: up to 5,000 members, some minutes and up to 8 GiB of memory
sim-large: $(SIM_BIN)
	@$(B)/sim-test --large

.PHONY: lint
# lint:        clang-format, clang-tidy, cppcheck, shellcheck, mandoc, and -Werror builds by gcc and clang; minutes
SOURCES := $(wildcard src/*/*.c tests/*/*.c)
HEADERS := $(wildcard src/*/*.h tests/*/*.h)
SCRIPTS := $(wildcard .ci/run .ci/*.sh tests/*.sh)
lint:
	@for tool in gcc clang clang-format clang-tidy cppcheck shellcheck mandoc; do \
		command -v $$tool >/dev/null || { \
			echo "make: lint needs $$tool; run 'make deps', or on Debian: apt-get install $$tool" >&2; \
			exit 69; }; done
	@$(MAKE) -k BUILD=$(B)/lint-clang CC=clang WERROR=1 lint-format lint-scripts lint-cppcheck lint-tidy everything
	@$(MAKE) -k BUILD=$(B)/lint-gcc CC=gcc WERROR=1 everything lint-docs

.PHONY: lint-format lint-scripts lint-cppcheck lint-tidy lint-docs
lint-format:
	$(call say,clang-format)clang-format --dry-run -Werror $(SOURCES) $(HEADERS)

lint-scripts:
	$(call say,shellcheck)shellcheck $(SCRIPTS)

lint-cppcheck: $(B)/config.h
	$(call say,cppcheck)cppcheck --quiet --error-exitcode=1 --std=c11 --inline-suppr -j$(JOBS) --library=.ci/cppcheck.cfg \
		--enable=warning,performance,portability \
		-I src --include=$(B)/config.h -D_GNU_SOURCE $(filter src/%,$(SOURCES))

# One file a process: clang-tidy 14 confuses the va_lists of several. What it says on stderr counts what it
# keeps to itself.
TIDIED := $(SOURCES:%.c=$(B)/tidy/%.ok)
lint-tidy: $(TIDIED)
$(TIDIED): $(B)/tidy/%.ok: %.c $(HEADERS) .clang-tidy $(B)/.flags
	@mkdir -p $(@D)
	$(call say,TIDY $<)clang-tidy --quiet $< -- -std=gnu17 $(ALL_CPPFLAGS) $(TEST_CPPFLAGS) \
		2>$@.err || { cat $@.err >&2; exit 1; }
	@touch $@

lint-docs: all
	@$(RUN) 'tap:docs=$(PYTHON) -B tests/docs.py $(B)'

.PHONY: fuzz fuzz-run bench bench-cluster bench-paths demo
# fuzz:        libFuzzer (clang), FUZZ_SECONDS=60 for each fuzzer
FUZZ_SECONDS ?= 60
fuzz:
	@command -v clang >/dev/null || { \
		echo "make: fuzzing needs clang; run 'make deps', or on Debian: apt-get install clang libclang-rt-14-dev" >&2; \
		exit 69; }
	@$(MAKE) BUILD=$(B)/fuzz CC=clang SAN=fuzzer,address,undefined fuzz-run
fuzz-run: $(FUZZ_BINS)
	@set -e; for f in $(FUZZERS); do \
		found=$(B)/corpus/$${f#fuzz_}; kept=tests/fuzz/corpus/$${f#fuzz_}; \
		mkdir -p $$found; [ -d $$kept ] || kept=; \
		echo "== $$f, $(FUZZ_SECONDS) s"; \
		$(B)/tests/fuzz/$$f -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 \
			-print_final_stats=1 -artifact_prefix=$(B)/$$f- $$found $$kept; \
	done

# valgrind:    three daemons live and leave under valgrind, half a minute
.PHONY: valgrind
valgrind: all
	@command -v valgrind >/dev/null || { \
		echo "make: valgrind is missing; run 'make deps', or on Debian: apt-get install valgrind" >&2; exit 69; }
	@SWIMD_BUILD=$(abspath $(B)) $(PYTHON) -B tests/bench/valgrind.py

# bench:       codec speed, and how fast clusters of 10, 50 and 100 real daemons form, notice and heal; 5 minutes
bench: all $(BENCH_BINS)
	@set -e; for b in $(BENCH_BINS); do echo "== $$b"; $$b; done
	@SWIMD_BUILD=$(abspath $(B)) $(PYTHON) -B tests/bench/cluster.py

# bench-flood:  floods of every kind at the shipped unit on a booted machine, 30 s each, half an hour; FLOOD_ARGS=--only=flap
FLOOD_ARGS ?=
.PHONY: bench-flood
bench-flood: all $(FLOOD_BIN)
	@SWIMD_BUILD=$(abspath $(B)) $(PYTHON) -B tests/bench/bench_flood.py $(FLOOD_ARGS)

# bench-cluster:  100 swimd beside 100 Serf, 6 minutes; or BENCH_ARGS=--restart-storm, --start=200, --stop-cont, --help
BENCH_ARGS ?=
bench-cluster: all
	@SWIMD_BUILD=$(abspath $(B)) $(PYTHON) -B tests/bench/bench_cluster.py $(BENCH_ARGS)

# bench-paths:  12 swimd beside 12 Serf over paths with delay, loss, disorder and thin links, 15 minutes
BENCH_PATHS_ARGS ?=
bench-paths: all
	@SWIMD_BUILD=$(abspath $(B)) $(PYTHON) -B tests/bench/bench_paths.py $(BENCH_PATHS_ARGS)

# bench-base:  swimd beside base peers: false failures, restarts, partitions, 100 base peers; half an hour; BENCH_BASE_ARGS='--only crowd'
BENCH_BASE_ARGS ?=
.PHONY: bench-base
bench-base: all
	@SWIMD_BUILD=$(abspath $(B)) $(PYTHON) -B tests/bench/bench_base.py $(BENCH_BASE_ARGS)

# demo:        three real daemons find each other, one is killed, the others notice
demo: all
	@sh tests/demo.sh $(B)

# ------------------------------------------------------------------------------------------ install
SBINDIR ?= $(PREFIX)/sbin
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/swimd
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
# systemd reads /usr/local/lib as it reads /usr/lib. Under /usr, Debian 12 wants units in /lib.
UNITDIR ?= $(if $(filter /usr,$(PREFIX)),/lib/systemd/system,$(PREFIX)/lib/systemd/system)
SYSUSERSDIR ?= $(if $(filter /usr,$(PREFIX)),/usr/lib/sysusers.d,$(PREFIX)/lib/sysusers.d)
CONFIGDIR := $(CONFIGURED_SYSCONFDIR)/swimd

MAN_PAGES := $(wildcard man/*.[1-8])
UNITS := $(patsubst %.in,%,$(notdir $(wildcard systemd/*.service systemd/*.service.in systemd/*.socket systemd/*.socket.in)))
SYSUSERS := $(wildcard systemd/*.sysusers)
man_path = $(MANDIR)/man$(subst .,,$(suffix $(1)))/$(notdir $(1))

.PHONY: install install-units uninstall
# install:     to DESTDIR and PREFIX; a configuration that is there already is left alone
install: all install-units
	install -D -m 755 $(B)/swimd $(DESTDIR)$(SBINDIR)/swimd
	install -D -m 755 $(B)/swimctl $(DESTDIR)$(BINDIR)/swimctl
	$(B)/swimctl completion bash >$(B)/swimctl.bash
	install -D -m 644 $(B)/swimctl.bash $(DESTDIR)$(COMPLETIONDIR)/swimctl
	@set -e; for page in $(MAN_PAGES); do \
		install -v -D -m 644 $$page $(DESTDIR)$(MANDIR)/man$${page##*.}/$${page#man/}; done
	install -D -m 644 -t $(DESTDIR)$(DOCDIR) README.md NEWS LICENSE
	install -d -m 755 $(DESTDIR)$(CONFIGDIR)/swimd.conf.d
	@if [ -e $(DESTDIR)$(CONFIGDIR)/swimd.conf ]; \
		then echo "kept $(DESTDIR)$(CONFIGDIR)/swimd.conf"; \
		else install -v -m 644 etc/swimd.conf $(DESTDIR)$(CONFIGDIR)/swimd.conf; fi

# Units name the programs by their full paths. Without libsystemd nobody would tell systemd of readiness, and
# it would wait for that in vain.
UNIT_EDITS := s|@sbindir@|$(SBINDIR)|g; s|@bindir@|$(BINDIR)|g; s|@configdir@|$(CONFIGDIR)|g
ifneq ($(WITH_SYSTEMD),yes)
UNIT_EDITS += ; s/^Type=notify$$/Type=exec/; /^NotifyAccess=/d; /^WatchdogSec=/d
endif
install-units:
	@set -e; for unit in $(UNITS); do \
		from=systemd/$$unit; [ -e $$from ] || from=$$from.in; \
		install -d -m 755 $(DESTDIR)$(UNITDIR); \
		sed '$(UNIT_EDITS)' $$from >$(DESTDIR)$(UNITDIR)/$$unit; \
		chmod 644 $(DESTDIR)$(UNITDIR)/$$unit; echo "$(DESTDIR)$(UNITDIR)/$$unit"; done
ifneq ($(SYSUSERS),)
	@set -e; for file in $(SYSUSERS); do name=$${file##*/}; \
		install -v -D -m 644 $$file $(DESTDIR)$(SYSUSERSDIR)/$${name%.sysusers}.conf; done
endif

# uninstall:   removes what install put there, and the configuration if nobody changed it
uninstall:
	rm -f $(DESTDIR)$(SBINDIR)/swimd $(DESTDIR)$(BINDIR)/swimctl $(DESTDIR)$(COMPLETIONDIR)/swimctl
	rm -f $(foreach p,$(MAN_PAGES),$(DESTDIR)$(call man_path,$(p)))
	rm -f $(UNITS:%=$(DESTDIR)$(UNITDIR)/%)
	rm -f $(patsubst systemd/%.sysusers,$(DESTDIR)$(SYSUSERSDIR)/%.conf,$(SYSUSERS))
	rm -rf $(DESTDIR)$(DOCDIR)
	@if cmp -s etc/swimd.conf $(DESTDIR)$(CONFIGDIR)/swimd.conf; \
		then rm -v $(DESTDIR)$(CONFIGDIR)/swimd.conf; fi
	@rmdir $(DESTDIR)$(CONFIGDIR)/swimd.conf.d $(DESTDIR)$(CONFIGDIR) 2>/dev/null || \
		[ ! -e $(DESTDIR)$(CONFIGDIR) ] || echo "kept $(DESTDIR)$(CONFIGDIR)"

endif
