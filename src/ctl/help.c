/*
 * The help of qualictl.
 */
#include <stdio.h>
#include <string.h>

#include "help.h"

static const char global_options[] =
    "Global options:\n"
    "  -f, --file FILE    the worker's settings\n"
    "                     (" SYSCONFDIR "/quali-job-worker/worker.conf)\n"
    "  -j, --json         print JSON\n"
    "      --region NAME  the AWS region, in place of the settings' one\n"
    "      --profile NAME the profile of the AWS files\n"
    "  -h, --help         print this help\n"
    "      --version      print the version (before a command)\n";

static bool
belongs(const char *name, const char *group)
{
	size_t len = strlen(group);

	return strncmp(name, group, len) == 0 &&
	    (name[len] == ' ' || name[len] == '\0');
}

static void
print_list(const struct command *commands, const char *group)
{
	for (; commands->name != NULL; commands++)
		if (group == NULL || belongs(commands->name, group))
			(void)printf("  %-18s %s\n", commands->name,
			    commands->summary);
}

static void
print_command(const struct command *c)
{
	const struct ctl_option *o = c->options;
	char left[64];

	(void)printf("usage: qualictl [option ...] %s%s%s\n\n%c%s.\n",
	    c->name, *c->usage != '\0' ? " " : "", c->usage,
	    c->summary[0] - 'a' + 'A', c->summary + 1);
	if (c->details != NULL)
		(void)printf("%s\n", c->details);
	(void)putchar('\n');
	if (o != NULL && o->name != NULL) {
		(void)puts("Options:");
		for (; o->name != NULL; o++) {
			(void)snprintf(left, sizeof(left), "--%s%s%s", o->name,
			    o->argument != NULL ? " " : "",
			    o->argument != NULL ? o->argument : "");
			(void)printf("  %-18s %s\n", left, o->text);
		}
		(void)putchar('\n');
	}
	(void)fputs(global_options, stdout);
}

int
help_print(const struct command *commands, const char *topic)
{
	const struct command *c;

	for (c = commands; topic != NULL && c->name != NULL; c++)
		if (strcmp(c->name, topic) == 0) {
			print_command(c);
			return 0;
		}
	for (c = commands; topic != NULL && c->name != NULL; c++)
		if (belongs(c->name, topic))
			break;
	if (topic != NULL && c->name == NULL)
		return -1;
	(void)printf("usage: qualictl [option ...] %s [argument ...]\n\n",
	    topic != NULL ? topic : "command");
	print_list(commands, topic);
	if (topic == NULL)
		(void)puts("  help COMMAND       say more about a command");
	(void)putchar('\n');
	(void)fputs(global_options, stdout);
	return 0;
}
