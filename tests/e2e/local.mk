# Run by ./check, not by make check: they need Go, Prometheus, a browser and minutes.
EXTRA_DIST += \
	tests/packages.sh \
	tests/e2e/browser.py \
	tests/e2e/conftest.py \
	tests/e2e/harness.py \
	tests/e2e/hostile.py \
	tests/e2e/pprof.py \
	tests/e2e/pytest.ini \
	tests/e2e/requirements.txt \
	tests/e2e/s3.py \
	tests/e2e/s3_moto.py \
	tests/e2e/test_analyze.py \
	tests/e2e/test_alerting.py \
	tests/e2e/test_capture.py \
	tests/e2e/test_config.py \
	tests/e2e/test_crash.py \
	tests/e2e/test_diff.py \
	tests/e2e/test_fleet.py \
	tests/e2e/test_goroutines.py \
	tests/e2e/test_hostile.py \
	tests/e2e/test_incidents.py \
	tests/e2e/test_leak.py \
	tests/e2e/test_openapi.py \
	tests/e2e/test_patterns.py \
	tests/e2e/test_real_daemons.py \
	tests/e2e/test_store.py \
	tests/e2e/test_storm.py \
	tests/e2e/test_types.py \
	tests/e2e/test_upload.py \
	tests/e2e/test_web.py \
	tests/e2e/test_web_fleet.py \
	tests/e2e/test_web_real.py

# Not in EXTRA_DIST: as a file to distribute, `check` would be the target of that name, and make dist
# would run the tests.
dist-hook:
	cp -p $(srcdir)/check $(distdir)/check
