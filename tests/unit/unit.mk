# What each unit test is linked with, besides Check: the objects it needs, and no other. If a test of a
# file needs more than that file and what it is built on, the floor is wrong.
OBJS_test_status = base/status.o base/error.o
OBJS_test_time =
OBJS_test_buf = base/buf.o
OBJS_test_rng = base/rng.o
OBJS_test_hash = base/hash.o
OBJS_test_histogram = base/histogram.o
OBJS_test_utf8 = base/utf8.o base/rng.o
OBJS_test_addr = base/addr.o
OBJS_test_log = base/log.o base/utf8.o

WIRE_OBJS = wire/decode.o wire/encode.o wire/format.o wire/names.o wire/updates.o base/buf.o \
	base/status.o base/utf8.o
OBJS_test_wire_vectors = $(WIRE_OBJS)
OBJS_test_wire_encode = $(WIRE_OBJS)
OBJS_test_wire_format = $(WIRE_OBJS)
OBJS_test_wire_random = $(WIRE_OBJS) base/rng.o
$(B)/obj/tests/unit/test_wire_vectors.o: ALL_CPPFLAGS += -DVECTORS_DIR='"$(CURDIR)/tests/vectors"'
