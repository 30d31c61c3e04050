HTTP_ROOM = tests/unit/http_room.c tests/unit/http_room.h

check_PROGRAMS += tests/unit/test_http
TESTS += tests/unit/test_http
tests_unit_test_http_SOURCES = tests/unit/test_http.c
tests_unit_test_http_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_http_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_http_server
TESTS += tests/unit/test_http_server
tests_unit_test_http_server_SOURCES = tests/unit/test_http_server.c $(HTTP_ROOM)
tests_unit_test_http_server_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_http_server_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_http_stream
TESTS += tests/unit/test_http_stream
tests_unit_test_http_stream_SOURCES = tests/unit/test_http_stream.c $(HTTP_ROOM)
tests_unit_test_http_stream_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_http_stream_LDADD = $(UNIT_LIBS)
