# SOURCES_test_X: the sources that a unit test is linked with. PKG_test_X: the
# packages besides cmocka, jansson, libsodium and libbsd.

BASE := $(GROUND)

HTTP := $(addprefix src/common/,http.c http_client.c http_tls.c)
LOOPBACK := tests/unit/loopback.c
IPC := $(addprefix src/common/,credentials.c ipc.c ipc_member.c job.c)
LIFE := $(wildcard src/life/*.c)
SOURCES_test_life := $(BASE) $(IPC) $(LIFE) tests/unit/life_answers.c
SOURCES_test_life_events := $(SOURCES_test_life)
SOURCES_test_life_turns := $(SOURCES_test_life)
SOURCES_test_token := $(BASE) src/common/ipc.c src/common/ipc_member.c \
	src/common/credentials.c src/common/job.c src/life/token.c

SOURCES_test_ledger := $(BASE) $(IPC) $(LIFE) \
	$(addprefix src/supervisor/,ledger_record.c lock.c)
PKG_test_ledger := sqlite3

SOURCES_test_turn := $(BASE) $(IPC) src/common/ipc_order.c \
	$(addprefix src/supervisor/,board.c commit.c dispatch.c journal.c \
	told.c)
PKG_test_turn := libsystemd

SOURCES_test_token_key := $(BASE) src/common/password.c \
	src/supervisor/token_key.c

SOURCES_test_sigv4 := $(BASE) src/aws/sigv4.c
SOURCES_test_endpoint := $(BASE) src/common/url.c src/aws/endpoint.c
PKG_test_endpoint := libcurl
SOURCES_test_codepipeline := $(BASE) \
	$(addprefix src/common/,credentials.c job.c url.c) \
	$(addprefix src/aws/,codepipeline.c codepipeline_answer.c endpoint.c \
	model.c aws_request.c sigv4.c)
PKG_test_codepipeline := libcurl
SOURCES_test_aws_retry := $(BASE) src/aws/aws_retry.c
PKG_test_aws_retry := libcurl
SOURCES_test_user_agent := $(BASE) src/aws/user_agent.c
PKG_test_user_agent := libcurl
SOURCES_test_s3 := $(BASE) src/common/url.c \
	$(addprefix src/aws/,endpoint.c aws_request.c s3.c sigv4.c)
PKG_test_s3 := libcurl
SOURCES_test_aws_error := $(BASE) $(HTTP) src/common/url.c \
	$(addprefix src/aws/,classify.c endpoint.c aws_error.c s3_error.c)
PKG_test_aws_error := libcurl libssl libcrypto expat

SOURCES_test_sts := $(sort $(BASE) $(HTTP) $(CLIENT))
PKG_test_sts := libcurl libssl libcrypto expat

SOURCES_test_process := $(BASE) $(addprefix src/common/,credentials.c ini.c \
	spawn.c) \
	src/aws/aws_found.c src/aws/aws_time.c \
	$(addprefix src/credentials/,environment.c files.c keys.c kinds.c run.c \
	said.c)

SOURCES_test_transfer := $(BASE) $(HTTP) $(LOOPBACK) src/supervisor/transfer.c
PKG_test_transfer := libcurl libssl libcrypto libsystemd

SOURCES_test_buf := $(BASE)
SOURCES_test_json := $(BASE)
SOURCES_test_secret := $(BASE)
SOURCES_test_sys := $(BASE)
SOURCES_test_utf8 := $(BASE)
SOURCES_test_html := $(BASE)
SOURCES_test_http := $(BASE) $(HTTP) $(LOOPBACK)
PKG_test_http := libcurl libssl libcrypto
SOURCES_test_http_proxy := $(BASE) $(HTTP)
PKG_test_http_proxy := libcurl libssl libcrypto
SOURCES_test_ipc := $(BASE) $(IPC) src/common/ipc_order.c
SOURCES_test_ini := $(BASE) src/common/ini.c
SOURCES_test_url := $(BASE) src/common/url.c
PKG_test_url := libcurl
SOURCES_test_conf := $(BASE) $(wildcard src/common/conf*.c) src/common/ini.c \
	src/common/url.c
PKG_test_conf := libcurl

CLOUDSHELL := $(BASE) $(HTTP) $(wildcard src/cloudshell/*.c)
SOURCES_test_cloudshell_text := $(CLOUDSHELL)
PKG_test_cloudshell_text := libcurl libssl libcrypto
SOURCES_test_cloudshell_client := $(CLOUDSHELL) $(LOOPBACK) \
	$(addprefix tests/unit/,cloudshell_listener.c cloudshell_rig.c)
PKG_test_cloudshell_client := libcurl libssl libcrypto
SOURCES_test_cloudshell_calls := $(SOURCES_test_cloudshell_client)
PKG_test_cloudshell_calls := libcurl libssl libcrypto

SOURCES_test_actions := $(BASE) src/common/credentials.c src/common/job.c \
	$(addprefix src/aws/,definition.c definition_model.c model.c) \
	src/supervisor/actions.c
PKG_test_actions := libcurl libcrypto

SOURCES_test_journal := $(BASE) $(IPC) src/supervisor/job_log.c

SOURCES_test_credentials := $(BASE) src/common/credentials.c \
	$(addprefix src/aws/,aws_found.c aws_lookup.c user_agent.c)
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
SOURCES_test_executor_s3 := $(BASE) src/common/credentials.c \
	src/common/url.c src/aws/classify.c \
	src/common/http.c src/common/http_tls.c \
	$(addprefix src/aws/,endpoint.c aws_error.c aws_request.c aws_retry.c s3.c \
	s3_error.c sigv4.c) src/executor/s3_transfer.c
PKG_test_executor_s3 := libcurl libcrypto expat
SOURCES_test_executor_wait := $(BASE) src/executor/wait.c
PKG_test_executor_wait := libcurl libcrypto

SOURCES_test_wipe := $(CLOUDSHELL) $(IPC) src/common/ipc_order.c \
	src/aws/aws_request.c src/aws/sigv4.c src/executor/orders.c \
	src/supervisor/transfer.c
PKG_test_wipe := libcurl libssl libcrypto libsystemd
SOURCES_test_http_private := $(BASE) $(HTTP)
PKG_test_http_private := libcurl libssl libcrypto
SOURCES_test_no_core := $(BASE)

SOURCES_test_cloudshell_token := $(SOURCES_test_cloudshell_client)
PKG_test_cloudshell_token := libcurl libssl libcrypto

# Parts of the supervisor with a journal that keeps records for the test.
RECORDS := tests/unit/records.c
SOURCES_test_zygote := $(BASE) $(RECORDS) tests/unit/puppet.c
PKG_test_zygote := libsystemd
SOURCES_test_executors := $(BASE) $(IPC) $(RECORDS) \
	$(addprefix tests/unit/,executors_rig.c puppet.c) \
	$(addprefix src/supervisor/,child_lines.c zygote.c)
PKG_test_executors := libsystemd
SOURCES_test_executors_ends := $(SOURCES_test_executors)
PKG_test_executors_ends := libsystemd

CODEPIPELINE := $(addprefix src/common/,credentials.c job.c url.c) \
	$(addprefix src/aws/,codepipeline.c codepipeline_answer.c endpoint.c \
	model.c aws_request.c sigv4.c)
BOARD := $(BASE) $(CODEPIPELINE) $(IPC) \
	$(addprefix src/common/,ipc_order.c password.c) $(LIFE) \
	$(RECORDS) tests/unit/board_rig.c \
	$(addprefix tests/unit/fake_,aws_call.c executors.c loop.c) \
	$(addprefix src/supervisor/,board.c job_log.c order.c \
	requests.c told.c)
SOURCES_test_dispatch := $(sort $(BOARD))
PKG_test_dispatch := libcurl
SOURCES_test_dispatch_lives := $(SOURCES_test_dispatch)
PKG_test_dispatch_lives := libcurl
SOURCES_test_commit := $(SOURCES_test_dispatch)
PKG_test_commit := libcurl
SOURCES_test_requests := $(SOURCES_test_dispatch)
PKG_test_requests := libcurl

SOURCES_test_poller := $(BASE) $(CODEPIPELINE) $(RECORDS) \
	$(addprefix tests/unit/fake_,aws_call.c loop.c) \
	src/supervisor/told.c
PKG_test_poller := libcurl
SOURCES_test_aws_call := $(sort $(BASE) $(HTTP) $(CODEPIPELINE) $(RECORDS) \
	$(addprefix src/aws/,aws_error.c aws_retry.c classify.c) \
	tests/unit/fake_loop.c)
PKG_test_aws_call := libcurl libssl libcrypto

SOURCES_test_told := $(BASE) src/supervisor/told.c
SOURCES_test_status := $(BASE) src/supervisor/status.c
PKG_test_status := libsystemd
SOURCES_test_job_log := $(BASE) $(IPC) $(RECORDS) src/supervisor/job_log.c
SOURCES_test_child_lines := $(BASE) $(IPC) src/supervisor/child_lines.c
PKG_test_child_lines := libsystemd

SOURCES_test_definition := $(BASE) $(addprefix src/common/,credentials.c job.c) \
	$(addprefix src/aws/,definition.c definition_model.c model.c)
PKG_test_definition := libcurl libcrypto
SOURCES_test_ctl_actions := $(BASE) $(addprefix src/ctl/,cloudformation.c \
	compare.c out.c policy_document.c terraform.c)
SOURCES_test_ctl_service := $(BASE) $(addprefix src/common/,credentials.c \
	spawn.c) \
	$(addprefix src/aws/,aws_found.c aws_lookup.c) \
	$(addprefix src/ctl/,env_file.c keys.c service.c)
SOURCES_test_ctl_check := $(BASE) $(HTTP) src/common/url.c \
	$(addprefix src/ctl/,findings.c proxy.c trust.c)
PKG_test_ctl_check := libcurl libssl libcrypto
