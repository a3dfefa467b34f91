# SOURCES_fuzz_X: the sources that a fuzz target is linked with. PKG_fuzz_X: the
# packages besides libcurl, jansson, libsodium and libbsd.

FUZZ_PKG := libcurl libcrypto jansson libsodium libbsd
FUZZ_BASE := $(GROUND) $(addprefix src/common/,http.c http_client.c http_tls.c \
	url.c)

SOURCES_fuzz_report := $(addprefix src/common/,credentials.c ipc.c ipc_member.c \
	ipc_order.c job.c)
SOURCES_fuzz_order := $(SOURCES_fuzz_report)
SOURCES_fuzz_codepipeline := $(SOURCES_fuzz_report) \
	$(addprefix src/aws/,codepipeline.c codepipeline_answer.c endpoint.c \
	model.c aws_request.c sigv4.c)
SOURCES_fuzz_aws_error := $(addprefix src/aws/,classify.c endpoint.c aws_error.c \
	s3_error.c)
PKG_fuzz_aws_error := expat
SOURCES_fuzz_sts := $(addprefix src/common/,credentials.c) \
	$(addprefix src/aws/,aws_time.c classify.c endpoint.c sts_answer.c)
PKG_fuzz_sts := expat
SOURCES_fuzz_sigv4 := $(addprefix src/aws/,endpoint.c sigv4.c)
SOURCES_fuzz_cloudshell := $(wildcard src/cloudshell/*.c)
LDFLAGS_fuzz_cloudshell := -Wl,--wrap=http_perform
SOURCES_fuzz_text := $(wildcard src/cloudshell/*.c)
SOURCES_fuzz_conf := $(wildcard src/common/conf*.c) src/common/ini.c
# No program is run and nobody is asked.
SOURCES_fuzz_aws_files := $(filter-out $(FUZZ_BASE),src/common/ini.c \
	src/common/spawn.c $(CLIENT) \
	$(filter-out %/main.c,$(wildcard src/credentials/*.c)))
PKG_fuzz_aws_files := expat
LDFLAGS_fuzz_aws_files := -Wl,--wrap=run_program,--wrap=http_perform
SOURCES_fuzz_process := $(addprefix src/common/,credentials.c ini.c spawn.c) \
	src/aws/aws_found.c src/aws/aws_time.c \
	$(addprefix src/credentials/,environment.c files.c keys.c kinds.c \
	process.c run.c said.c)
SOURCES_fuzz_metadata := $(addprefix src/common/,credentials.c ini.c) \
	$(addprefix src/aws/,aws_found.c aws_time.c classify.c endpoint.c \
	sts_answer.c user_agent.c) \
	$(addprefix src/credentials/,container.c ec2.c environment.c files.c imds.c \
	keys.c metadata.c settings.c)
PKG_fuzz_metadata := expat
LDFLAGS_fuzz_metadata := -Wl,--wrap=http_perform -Wl,--wrap=nanosleep
SOURCES_fuzz_lookup := src/common/credentials.c \
	$(addprefix src/aws/,aws_found.c aws_lookup.c)
SOURCES_fuzz_token := $(addprefix src/common/,credentials.c ipc.c ipc_member.c \
	job.c) \
	src/life/token.c
LDFLAGS_fuzz_token := -Wl,--wrap=sodium_memcmp
SOURCES_fuzz_artifact := $(addprefix src/executor/,details.c zip.c)
PKG_fuzz_artifact := libzip
SOURCES_fuzz_inputs := $(addprefix src/executor/,inputs.c match.c)
PKG_fuzz_inputs := libpcre2-8
