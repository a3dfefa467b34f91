# Sources each unit test is linked with: SOURCES_test_X, and packages beside
# cmocka, jansson, libsodium, libbsd: PKG_test_X.

BASE := $(addprefix src/common/,buf.c fail.c json.c log.c secret.c sys.c)

HTTP := $(addprefix src/common/,http.c http_client.c http_tls.c)
LOOPBACK := tests/unit/loopback.c
IPC := $(addprefix src/common/,ipc.c ipc_member.c job.c)
JOBS := $(addprefix src/supervisor/,jobs.c jobs_claim.c jobs_end.c \
	jobs_outside.c jobs_report.c jobs_run.c token.c)
SOURCES_test_jobs := $(BASE) $(IPC) $(JOBS)
SOURCES_test_jobs_events := $(SOURCES_test_jobs)
SOURCES_test_jobs_life := $(SOURCES_test_jobs)

SOURCES_test_ledger := $(BASE) $(IPC) $(JOBS) \
	$(addprefix src/supervisor/,ledger_record.c lock.c)
PKG_test_ledger := sqlite3

SOURCES_test_sigv4 := $(BASE) src/aws/sigv4.c
SOURCES_test_endpoint := $(BASE) src/aws/endpoint.c
SOURCES_test_codepipeline := $(BASE) src/common/job.c \
	$(addprefix src/aws/,codepipeline.c codepipeline_answer.c endpoint.c \
	request.c sigv4.c)
SOURCES_test_s3 := $(BASE) \
	$(addprefix src/aws/,endpoint.c request.c s3.c sigv4.c)
SOURCES_test_aws_error := $(BASE) $(HTTP) \
	$(addprefix src/aws/,endpoint.c error.c s3_error.c)
PKG_test_aws_error := libcurl libssl libcrypto expat

SOURCES_test_transfer := $(BASE) $(HTTP) $(LOOPBACK) src/supervisor/transfer.c
PKG_test_transfer := libcurl libssl libcrypto libsystemd

SOURCES_test_buf := $(BASE)
SOURCES_test_json := $(BASE)
SOURCES_test_secret := $(BASE)
SOURCES_test_sys := $(BASE)
SOURCES_test_http := $(BASE) $(HTTP) $(LOOPBACK)
PKG_test_http := libcurl libssl libcrypto
SOURCES_test_http_proxy := $(BASE) $(HTTP)
PKG_test_http_proxy := libcurl libssl libcrypto
SOURCES_test_ipc := $(BASE) $(IPC) src/common/ipc_order.c
SOURCES_test_ini := $(BASE) src/common/ini.c
SOURCES_test_conf := $(BASE) $(addprefix src/common/,conf.c conf_print.c \
	conf_value.c ini.c)

CLOUDSHELL := $(BASE) $(HTTP) $(addprefix src/cloudshell/,activity.c \
	answer.c blueprint.c client.c command.c login.c sandbox.c text.c)
SOURCES_test_cloudshell_text := $(CLOUDSHELL)
PKG_test_cloudshell_text := libcurl libssl libcrypto
SOURCES_test_cloudshell_client := $(CLOUDSHELL) $(LOOPBACK) \
	$(addprefix tests/unit/,cloudshell_listener.c cloudshell_rig.c)
PKG_test_cloudshell_client := libcurl libssl libcrypto
SOURCES_test_cloudshell_calls := $(SOURCES_test_cloudshell_client)
PKG_test_cloudshell_calls := libcurl libssl libcrypto

SOURCES_test_actions := $(BASE) src/common/job.c src/supervisor/actions.c
PKG_test_actions := libcurl libcrypto

SOURCES_test_journal := $(BASE) $(IPC)

SOURCES_test_credentials := $(BASE) src/common/job.c
PKG_test_credentials := libcurl libcrypto libsystemd

SOURCES_test_executor_inputs := $(BASE) src/executor/inputs.c
PKG_test_executor_inputs := libcurl libcrypto
SOURCES_test_executor_match := $(BASE) src/executor/match.c
PKG_test_executor_match := libcurl libcrypto libpcre2-8
SOURCES_test_executor_zip := $(BASE) src/executor/zip.c src/executor/details.c
PKG_test_executor_zip := libcurl libcrypto libzip
SOURCES_test_executor_confine := $(BASE) \
	$(addprefix src/executor/,confine.c filter.c landlock.c) \
	$(addprefix tests/unit/,confine_files.c confine_kernel.c \
	confine_processes.c confine_scene.c confine_sockets.c)
PKG_test_executor_confine := libseccomp
SOURCES_test_executor_resolve := $(BASE) \
	$(addprefix src/executor/,confine.c filter.c landlock.c)
PKG_test_executor_resolve := libseccomp
SOURCES_test_executor_landlock := src/executor/landlock.c
SOURCES_test_executor_report := $(BASE) $(IPC) src/executor/report.c
PKG_test_executor_report := libcurl libcrypto

SOURCES_test_wipe := $(CLOUDSHELL) $(IPC) src/common/ipc_order.c \
	src/aws/request.c src/aws/sigv4.c src/executor/orders.c \
	src/supervisor/transfer.c
PKG_test_wipe := libcurl libssl libcrypto libsystemd
SOURCES_test_http_private := $(BASE) $(HTTP)
PKG_test_http_private := libcurl libssl libcrypto
SOURCES_test_no_core := $(BASE)

SOURCES_test_cloudshell_token := $(SOURCES_test_cloudshell_client)
PKG_test_cloudshell_token := libcurl libssl libcrypto
