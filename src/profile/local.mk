libleakwatch_a_SOURCES += \
	src/profile/decode.c src/profile/decoder.h src/profile/profile.h \
	src/profile/diff.c src/profile/diff.h \
	src/profile/encode.c src/profile/encode.h \
	src/profile/frames.c src/profile/frames.h \
	src/profile/goroutines.c src/profile/goroutines.h \
	src/profile/gunzip.c src/profile/gunzip.h \
	src/profile/ids.c src/profile/ids.h \
	src/profile/inflate.c src/profile/inflate.h \
	src/profile/memstats.c src/profile/memstats.h \
	src/profile/reader.c src/profile/reader.h src/profile/reader_priv.h \
	src/profile/reader_fields.c \
	src/profile/reader_stacks.c \
	src/profile/reader_sums.c \
	src/profile/sample_type.c src/profile/sample_type.h \
	src/profile/samples.c \
	src/profile/sites.c \
	src/profile/sniff.c src/profile/sniff.h \
	src/profile/stacks.c src/profile/stacks.h \
	src/profile/sums.h \
	src/profile/symbols.c \
	src/profile/tree.c src/profile/tree.h \
	src/profile/waits.c src/profile/waits.h
