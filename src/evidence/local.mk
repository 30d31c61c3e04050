libleakwatch_a_SOURCES += \
	src/evidence/evidence.h
