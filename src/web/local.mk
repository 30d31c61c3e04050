WEB_FILES = \
	web/index.html web/app.css web/favicon.svg \
	web/app.js web/api.js web/chart.js web/dom.js web/format.js web/parts.js \
	web/suspects.js web/targets.js
EXTRA_DIST += $(WEB_FILES)

TESTS += tests/web/format
EXTRA_DIST += tests/web/format tests/web/format.test.mjs

libleakwatch_a_SOURCES += \
	src/web/assets.S src/web/assets.h \
	src/web/web.c src/web/web.h

# Where .incbin finds web/; and an edit of the page is an edit of the binary.
AM_CCASFLAGS = -I$(top_srcdir)
src/web/assets.$(OBJEXT): $(WEB_FILES)
