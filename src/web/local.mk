# What of web/ goes into the bundle; an edit of any of it is an edit of the binary.
WEB_INPUT = \
	web/bundle web/package.json web/package-lock.json web/build.mjs \
	web/src/api.js web/src/app.css web/src/app.jsx web/src/favicon.svg web/src/format.js \
	web/src/hash.js web/src/index.html web/src/keys.js web/src/live.js web/src/route.js \
	web/src/theme.js web/src/visible.js \
	web/src/charts/events.js web/src/charts/history.jsx web/src/charts/series.js web/src/charts/spark.js \
	web/src/charts/time.jsx \
	web/src/flame/colour.js web/src/flame/flame.jsx web/src/flame/layout.js \
	web/src/flame/paint.js web/src/flame/view.jsx \
	web/src/fleet/answers.js web/src/fleet/answers.jsx web/src/fleet/filters.jsx \
	web/src/fleet/rows.js web/src/fleet/slice.js web/src/fleet/source.js \
	web/src/fleet/table.jsx web/src/fleet/view.jsx web/src/fleet/window.js \
	web/src/incidents/actions.jsx web/src/incidents/incident.jsx web/src/incidents/list.jsx \
	web/src/incidents/report.jsx web/src/incidents/words.js \
	web/src/parts/gates.jsx web/src/parts/header.jsx web/src/parts/help.jsx \
	web/src/parts/media.js web/src/parts/sparkline.jsx web/src/parts/stack.jsx \
	web/src/parts/states.jsx web/src/parts/words.jsx \
	web/src/target/capture.jsx web/src/target/deploys.js web/src/target/goroutines.jsx web/src/target/memory.js \
	web/src/target/order.js web/src/target/row.jsx web/src/target/rows.jsx \
	web/src/target/view.jsx
WEB_BUNDLE = \
	$(srcdir)/web/dist/index.html $(srcdir)/web/dist/app.css $(srcdir)/web/dist/app.js \
	$(srcdir)/web/dist/favicon.svg $(srcdir)/web/dist/licences.txt
EXTRA_DIST += $(WEB_INPUT) $(WEB_BUNDLE) web/.npmrc web/.prettierignore

# The bundle is built in the source tree, so that a release tarball carries it and needs no Node. All its
# files come of one run; licences.txt, written last, stands for them.
$(srcdir)/web/dist/licences.txt: $(WEB_INPUT)
	$(AM_V_GEN)$(srcdir)/web/bundle
$(srcdir)/web/dist/index.html $(srcdir)/web/dist/app.css $(srcdir)/web/dist/app.js \
$(srcdir)/web/dist/favicon.svg: $(srcdir)/web/dist/licences.txt
	@:

TESTS += tests/web/units tests/web/style
EXTRA_DIST += \
	web/pictures/fleet.png web/pictures/site.png web/pictures/target.png web/pictures/incident.png \
	tests/web/units tests/web/style tests/web/fixture.py tests/web/pictures.py \
	tests/web/charts.test.mjs tests/web/flame.test.mjs tests/web/fleet.test.mjs \
	tests/web/format.test.mjs tests/web/incidents.test.mjs tests/web/route.test.mjs \
	tests/web/target.test.mjs tests/web/visible.test.mjs

maintainer-clean-local:
	rm -rf $(srcdir)/web/dist $(srcdir)/web/node_modules

libleakwatch_a_SOURCES += \
	src/web/assets.S src/web/assets.h \
	src/web/web.c src/web/web.h

# Where .incbin finds web/; and an edit of the page is an edit of the binary.
AM_CCASFLAGS = -I$(top_srcdir)
src/web/assets.$(OBJEXT): $(WEB_BUNDLE)
