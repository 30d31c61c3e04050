libleakwatch_a_SOURCES += \
	src/upload/answer.c src/upload/answer.h \
	src/upload/credentials.c src/upload/credentials.h \
	src/upload/key.c \
	src/upload/put.c \
	src/upload/upload.h
