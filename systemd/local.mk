systemdsystemunit_DATA = systemd/leakwatchd.service
EXTRA_DIST += systemd/leakwatchd.service.in
dist_doc_DATA = systemd/leakwatchd-processes.conf
CLEANFILES += systemd/leakwatchd.service

# Made here and not by configure, which does not know the last word on $(bindir): `make prefix=…` does.
systemd/leakwatchd.service: systemd/leakwatchd.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) systemd && \
	$(SED) -e 's,[@]bindir[@],$(bindir),g' -e 's,[@]sysconfdir[@],$(sysconfdir),g' \
		$(srcdir)/systemd/leakwatchd.service.in >$@.tmp && mv $@.tmp $@
