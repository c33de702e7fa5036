# Builds, tests and installs swimd with GNU make. `make help` lists the targets; HACKING.md says when to use each.
#
#   BUILD=DIR          the build directory (default: build); make writes nothing outside it
#   CONFIGURE_ARGS=…   arguments of configure, e.g. --without-systemd (default: those of the last run)
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

# Run one job per processor, unless the user gives a -j of their own. A make that another make started uses the
# job server of that make.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(JOBS)
endif

ifneq ($(filter deps,$(GOALS)),)

# `make deps check`: autoconf may be among the packages that `deps` installs. So a second make, started when `deps`
# is done, runs the other goals and reads this file again.
rest := $(filter-out deps,$(GOALS))
.PHONY: deps $(rest)
.NOTPARALLEL:
# deps:        install the missing Debian packages: those of `check` with `make deps check`, all of them with `make deps`
deps:
	@sh .ci/deps.sh $(rest)
ifneq ($(rest),)
$(firstword $(rest)): deps
	@$(MAKE) $(rest)
$(wordlist 2,$(words $(rest)),$(rest)): $(firstword $(rest))
	@:
endif

else ifeq ($(filter-out clean distclean dist help,$(GOALS)),)

# These targets need no configuration.
.PHONY: clean distclean dist help
VERSION := $(shell sed -n 's/^AC_INIT(\[swimd\], \[\(.*\)\])$$/\1/p' configure.ac)

# clean:       remove the build directory
clean distclean:
	rm -rf $(B)

# dist:        make a tarball of HEAD in the build directory
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
# AddressSanitizer does not see the memory accesses of fortified functions.
FORTIFY_CPPFLAGS :=
SAN_CFLAGS := -fsanitize=$(subst fuzzer,fuzzer-no-link,$(SAN)) -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
# These warnings follow the flow of values, and instrumented code gives false ones. The plain build has them on.
WARNINGS += -Wno-format-truncation -Wno-stringop-truncation -Wno-maybe-uninitialized \
	-Wno-unknown-warning-option
SAN_LDFLAGS := -fsanitize=$(subst fuzzer,fuzzer-no-link,$(SAN))
endif

# config.h is included by an option, not by #include, because src/daemon has another file of the same name.
ALL_CPPFLAGS = -include $(B)/config.h -I$(B) -Isrc -D_GNU_SOURCE $(FORTIFY_CPPFLAGS) $(LIB_CFLAGS) $(CPPFLAGS)
ALL_CFLAGS = -std=gnu17 $(WARNINGS) $(HARDEN_CFLAGS) $(CFLAGS) $(SAN_CFLAGS)
ALL_LDFLAGS = $(HARDEN_LDFLAGS) $(LDFLAGS) $(SAN_LDFLAGS)

ifneq ($(V),1)
say = @echo "  $(1)"; 
endif

# Objects depend on their flags, and archives on the list of source files. A stamp file holds each of the two, and make
# rewrites the stamp file only when its text changes.
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
# The floors, the highest first: the linker needs the archives in this order.
FLOORS := daemon control discovery net core wire base
MAINS := $(B)/obj/daemon/swimd.o
objects = $(patsubst src/%.c,$(B)/obj/%.o,$(wildcard src/$(1)/*.c))
floors = $(patsubst %,$(B)/lib%.a,$(1))
ALL_FLOORS := $(call floors,$(FLOORS))

$(B)/obj/%.o: src/%.c $(B)/.flags $(B)/config.h
	@mkdir -p $(@D)
	$(call say,CC $<)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(WERROR_FLAG) -MMD -MP -c -o $@ $<

# A second build of the core for the simulator, which can turn off the rules of src/base/rule.h.
$(B)/obj-rules/%.o: src/%.c $(B)/.flags $(B)/config.h
	@mkdir -p $(@D)
	$(call say,CC $< with rules)$(CC) $(ALL_CPPFLAGS) -DSWIM_RULES $(ALL_CFLAGS) $(WERROR_FLAG) -MMD -MP -c -o $@ $<

# TOP_DIR lets a test find its data from any working directory.
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

# configure does not look for Check, because only the tests need Check: the user may install Check after the first build.
CHECK_CFLAGS = $(shell $(PKG_CONFIG) --cflags check)
CHECK_LIBS = $(shell $(PKG_CONFIG) --libs check)
.PHONY: libcheck
libcheck:
	@$(PKG_CONFIG) --exists 'check >= 0.15' || { \
		echo "make: the tests need libcheck; run 'make deps', or on Debian: apt-get install check" >&2; \
		exit 69; }
$(UNIT_TESTS:%=$(B)/obj/tests/unit/%.o): | libcheck

# A unit test is linked with the objects that tests/unit/unit.mk names, and with no others.
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

# The files of other floors that the simulator runs: they have no I/O (PURE_FILES of tests/house.py) and no event loop.
SIM_OBJS = $(patsubst %,daemon/%.o,reserve snapshot members_file owner word) net/retry.o net/zone.o \
	$(patsubst %,discovery/%.o,discovery heard hint known operator_join peer seeds)
$(B)/libsim.a: $(SIM_OBJS:%=$(B)/obj-rules/%)
	@rm -f $@
	$(call say,AR $@)$(AR) rcs $@ $^
$(B)/sim-test: $(patsubst tests/%.c,$(B)/obj/tests/%.o,$(wildcard tests/sim/*.c)) \
		$(patsubst src/%.c,$(B)/obj-rules/%.o,$(wildcard src/core/*.c)) $(B)/libsim.a $(call floors,wire base) $(B)/.files
	$(link) $(filter %.o %.a,$^) $(SIM_LIBS)

# The program that sends the floods of tests/system/test_flood.py and of bench-flood.
FLOOD_BIN := $(B)/tests/flood/flood
$(FLOOD_BIN): $(B)/obj/tests/flood/flood.o
	@mkdir -p $(@D)
	$(link) $^

# `everything` is all that a compiler can warn about; `make lint` builds it with gcc and with clang.
.PHONY: test-programs everything
test-programs: $(UNIT_BINS) $(FUZZ_REPLAYS) $(SIM_BIN) $(FLOOD_BIN)
everything: all test-programs $(BENCH_BINS)

# tests/run.py takes each job as kind:name=command and ends with one line that counts the tests of all jobs.
RUN := $(PYTHON) -B tests/run.py --build $(B) --jobs $(JOBS)
# Real daemons wait most of the time, so several system tests share one processor with each other and with other jobs.
SYSTEM_JOBS ?= $(shell expr 4 '*' $(JOBS))
SIM_ARGS ?=
SIM_QUICK_ARGS ?= --quick
jobs_native = $(foreach t,$(UNIT_TESTS),'check:unit $(t)=$(1)/tests/unit/$(t)') \
	$(foreach f,$(FUZZERS),'exit:replay $(f)=$(1)/tests/fuzz/$(f)-replay $(wildcard tests/fuzz/corpus/$(f:fuzz_%=%))') \
	$(if $(SIM_BIN),'tap:sim=$(1)/sim-test $(2)')
jobs_house = 'tap:house=$(PYTHON) -B tests/house.py $(B)' 'tap:docs=$(PYTHON) -B tests/docs.py $(B)' \
	'tap:verdict=$(PYTHON) -B tests/bench/verdict.py --check' \
	$(if $(SIM_BIN),'tap:detection=$(PYTHON) -B tests/sim/detection.py --check $(B)' \
		'tap:sharp=$(PYTHON) -B tests/sim/sharp.py --check $(B)' \
		'tap:broken=$(PYTHON) -B tests/sim/broken.py --tries')
pytest_system = $(PYTHON) -B -m pytest -q -n $(SYSTEM_JOBS)
jobs_system = $(if $(wildcard tests/system/test_*.py),'pytest:system=$(pytest_system) -m "not long" tests/system')
# Tests of things that take minutes on any machine, however fast.
jobs_long = 'pytest:long=$(pytest_system) -rA -m "long and not flood and not upgrade" tests/system'
jobs_upgrade = 'pytest:upgrade=$(pytest_system) -rA -m upgrade tests/system'
# A flood takes all processor time, so floods run one at a time and no other test runs beside them.
jobs_flood = 'pytest:flood=$(PYTHON) -B -m pytest -q -rA -m flood tests/system'

.PHONY: check check-long check-upgrade check-flood check-roots quickcheck asan
# check:       run all tests: unit tests, fuzz corpora and simulator, plain and under sanitizers, and system tests; minutes
check: all test-programs
	@$(MAKE) BUILD=$(B)/asan SAN=address,undefined WERROR=1 all test-programs
	@$(RUN) $(call jobs_native,$(B),$(SIM_ARGS)) $(jobs_house) \
		$(subst :,:asan ,$(call jobs_native,$(B)/asan,$(SIM_QUICK_ARGS))) $(jobs_system)

# check-long:  run the system tests that take minutes each, such as loss and partitions among twenty daemons
check-long: all
	@$(RUN) $(jobs_long)

# check-upgrade:  upgrade ten daemons of the older swimd that SWIMD_OLD=PATH names, one at a time, beside base peers; minutes
check-upgrade: all
	@$(if $(SWIMD_OLD),SWIMD_OLD='$(abspath $(SWIMD_OLD))' $(RUN) $(jobs_upgrade),echo 'check-upgrade: set SWIMD_OLD=PATH to the swimd program of an older version' >&2; exit 1)

# check-flood:  send short floods of every kind to real daemons, one after the other; minutes
check-flood: all $(FLOOD_BIN)
	@$(RUN) $(jobs_flood)

# check-roots:  run `make check` in fresh roots of Debian 12 and 13: as root, without capabilities, as a user, in a chroot; needs root; hours; ROOTS=trixie/user runs one of them
ROOTS ?= bookworm trixie
check-roots:
	@sh tests/roots.sh $(B)/roots $(ROOTS)

# quickcheck:  run unit tests, house rules, fuzz corpora and a short simulation; half a minute
quickcheck: all test-programs
	@$(RUN) $(call jobs_native,$(B),$(SIM_QUICK_ARGS)) $(jobs_house)

# asan:        run unit tests, fuzz corpora and simulator under ASan, UBSan and LSan; SYSTEM=1 adds the system tests; a minute
ifeq ($(SAN),)
asan:
	@$(MAKE) BUILD=$(B)/asan SAN=address,undefined WERROR=1 asan
else
asan: all test-programs
	@$(RUN) $(call jobs_native,$(B),$(SIM_ARGS)) $(if $(filter 1,$(SYSTEM)),$(jobs_system))
endif

.PHONY: sim
# sim:         simulate every scenario, the short ones with SIM_EACH_SEEDS=5 fresh seeds, then SIM_SEEDS=10000 random swarms of each kind, then a part of sim-lifeguard; half an hour
SIM_SEEDS ?= 10000
SIM_EACH_SEEDS ?= 5
sim: $(SIM_BIN)
	@$(B)/sim-test
	@$(B)/sim-test --each --quick --seeds $(SIM_EACH_SEEDS) --jobs $(JOBS)
	@$(B)/sim-test --seeds $(SIM_SEEDS) --jobs $(JOBS)
	@$(B)/sim-test --scenario swarm-mixed --seeds $(SIM_SEEDS) --jobs $(JOBS)
	@$(PYTHON) -B tests/sim/lifeguard.py --quick $(B)

.PHONY: sim-broken
# sim-broken:  turn off each rule of the protocol and print in which scenario, with which seed, the simulator finds a fault; minutes
sim-broken: $(SIM_BIN)
	@$(PYTHON) -B tests/sim/broken.py $(B)

.PHONY: sim-ablate
# sim-ablate:  turn off each rule of the protocol and print what gets worse, by how much; a second run continues a stopped one; ABLATE='RULE RULE' names some rules, ABLATE=--rows writes the results into swimd-protocol(7)
ABLATE ?=
sim-ablate: $(SIM_BIN)
	@$(PYTHON) -B tests/sim/ablate.py --jobs $(JOBS) $(B) $(ABLATE)

.PHONY: sim-lifeguard sim-detection
# sim-lifeguard:  simulate the experiments of the Lifeguard paper: false positives and latencies beside plain SWIM and the paper; 20 minutes
SIM_LIFEGUARD_ARGS ?=
sim-lifeguard: $(SIM_BIN)
	@$(PYTHON) -B tests/sim/lifeguard.py $(SIM_LIFEGUARD_ARGS) $(B)

# sim-detection:  measure the table of crash detection times in swimd.conf(5); 10 minutes
sim-detection: $(SIM_BIN)
	@$(PYTHON) -B tests/sim/detection.py $(B)

.PHONY: sim-sharp
# sim-sharp:   measure how long a member may be cut off or stand still until others tell a failure, and how soon a crash is told, beside plain SWIM and Lifeguard; hours, or minutes with SIM_SHARP_ARGS=--quick
SIM_SHARP_ARGS ?=
sim-sharp: $(SIM_BIN)
	@$(PYTHON) -B tests/sim/sharp.py $(SIM_SHARP_ARGS) $(B)

.PHONY: sim-large
# sim-large:   simulate up to 5,000 members; minutes, and up to 8 GiB of memory
sim-large: $(SIM_BIN)
	@$(B)/sim-test --large

.PHONY: lint
# lint:        run clang-format, clang-tidy, cppcheck, shellcheck and mandoc, and build with -Werror by gcc and clang; minutes
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

# One clang-tidy process per file, because clang-tidy 14 confuses the va_lists of several files. On success its stderr
# only counts the warnings that clang-tidy suppressed, so stderr is shown on failure alone.
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
# fuzz:        run each fuzzer under libFuzzer (clang) for FUZZ_SECONDS=60
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

# valgrind:    run three daemons under valgrind until they leave; half a minute
.PHONY: valgrind
valgrind: all
	@command -v valgrind >/dev/null || { \
		echo "make: valgrind is missing; run 'make deps', or on Debian: apt-get install valgrind" >&2; exit 69; }
	@SWIMD_BUILD=$(abspath $(B)) $(PYTHON) -B tests/bench/valgrind.py

# bench:       measure the codec, and how fast clusters of 10, 50 and 100 real daemons form, detect crashes and heal; 5 minutes
bench: all $(BENCH_BINS)
	@set -e; for b in $(BENCH_BINS); do echo "== $$b"; $$b; done
	@SWIMD_BUILD=$(abspath $(B)) $(PYTHON) -B tests/bench/cluster.py

# bench-flood:  send floods of every kind, 30 s each, to the shipped unit in a booted container; FLOOD_ARGS=--only=flap sends one kind; half an hour
FLOOD_ARGS ?=
.PHONY: bench-flood
bench-flood: all $(FLOOD_BIN)
	@SWIMD_BUILD=$(abspath $(B)) $(PYTHON) -B tests/bench/bench_flood.py $(FLOOD_ARGS)

# bench-cluster:  measure 100 daemons of swimd beside 100 of Serf; 6 minutes; or BENCH_ARGS=--restart-storm, --start=200, --stop-cont, --help
BENCH_ARGS ?=
bench-cluster: all
	@SWIMD_BUILD=$(abspath $(B)) $(PYTHON) -B tests/bench/bench_cluster.py $(BENCH_ARGS)

# bench-paths:  measure 12 daemons of swimd beside 12 of Serf over paths with delay, loss, reordering and little bandwidth; 15 minutes
BENCH_PATHS_ARGS ?=
bench-paths: all
	@SWIMD_BUILD=$(abspath $(B)) $(PYTHON) -B tests/bench/bench_paths.py $(BENCH_PATHS_ARGS)

# bench-base:  measure swimd beside base peers: false failures, restarts, partitions, 100 base peers; half an hour; BENCH_BASE_ARGS='--only crowd'
BENCH_BASE_ARGS ?=
.PHONY: bench-base
bench-base: all
	@SWIMD_BUILD=$(abspath $(B)) $(PYTHON) -B tests/bench/bench_base.py $(BENCH_BASE_ARGS)

# demo:        start three daemons that find each other, kill one, and wait until the others detect that
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
# install:     install to DESTDIR and PREFIX; an existing configuration is not changed
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

# Units name the programs by their full paths. A swimd without libsystemd does not notify systemd of readiness, so
# its unit must not have Type=notify, with which systemd would wait for that.
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

# uninstall:   remove the installed files, and the configuration if it was not changed
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
