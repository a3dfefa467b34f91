/*
 * How requests to AWS name the program that sends them: the SDKs' form of the
 * User-Agent (aws-contract 6).
 */
#ifndef USER_AGENT_H
#define USER_AGENT_H

#define USER_AGENT_MAX		511	/* bytes of a whole one */
#define USER_AGENT_APP_MAX	50	/* characters of an application id */

/* "PROGRAM/VERSION ua/2.1 os/linux#RELEASE md/arch#MACHINE lang/c
 * md/curl#VERSION", then exec-env/ with AWS_EXECUTION_ENV if it is set, and
 * app/ID unless app_id is NULL or "". What the form does not allow in a value
 * becomes '-'; long values are cut. The caller frees it. */
char	*user_agent(const char *program, const char *app_id);

#endif
