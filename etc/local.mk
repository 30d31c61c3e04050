# The sample configuration: installed once, never over a file that an administrator has changed.
EXTRA_DIST += etc/leakwatchd.yml
dist_man_MANS = etc/leakwatchd.8

# For Prometheus, Alertmanager and Grafana; where they read them is theirs to say.
prometheusdir = $(pkgdatadir)/prometheus
dist_prometheus_DATA = \
	etc/prometheus/leakwatchd.rules.test.yml \
	etc/prometheus/leakwatchd.rules.yml \
	etc/prometheus/prometheus.yml
alertmanagerdir = $(pkgdatadir)/alertmanager
dist_alertmanager_DATA = etc/alertmanager/alertmanager.yml
grafanadir = $(pkgdatadir)/grafana
dist_grafana_DATA = etc/grafana/leakwatchd.json

install-data-local:
	$(MKDIR_P) '$(DESTDIR)$(sysconfdir)/leakwatchd'
	test -e '$(DESTDIR)$(sysconfdir)/leakwatchd/leakwatchd.yml' || \
	$(INSTALL_DATA) '$(srcdir)/etc/leakwatchd.yml' \
		'$(DESTDIR)$(sysconfdir)/leakwatchd/leakwatchd.yml'

# Only what is still as it was installed; what was changed is the administrator's.
uninstall-local:
	! cmp -s '$(srcdir)/etc/leakwatchd.yml' \
		'$(DESTDIR)$(sysconfdir)/leakwatchd/leakwatchd.yml' || \
	rm -f '$(DESTDIR)$(sysconfdir)/leakwatchd/leakwatchd.yml'
