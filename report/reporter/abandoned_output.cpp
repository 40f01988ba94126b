#include "report/reporter/abandoned_output.h"

#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>

#include "report/reporter/exit_status.h"

namespace pymemflow::report {
namespace {

constexpr long kPeriod_us = 50'000;

volatile sig_atomic_t watched = -1;

bool is_abandoned(int output) {
  pollfd request = {.fd = output, .events = 0, .revents = 0};
  return ::poll(&request, 1, 0) > 0 && (request.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
}

void on_alarm(int) {
  const int saved = errno;
  if (is_abandoned(watched)) ::_exit(kReported);
  errno = saved;
}

bool has_reader(int output) {
  struct stat facts {};
  if (::fstat(output, &facts) != 0) return false;
  return S_ISFIFO(facts.st_mode) || S_ISSOCK(facts.st_mode) || ::isatty(output) != 0;
}

}  // namespace

void end_when_abandoned(int output) {
  if (!has_reader(output)) return;
  const bool is_watching = watched >= 0;
  watched = output;
  if (is_watching) return;
  struct sigaction action {};
  action.sa_handler = on_alarm;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGALRM, &action, nullptr);
  // The host's thread had blocked all signals.
  sigset_t alarm;
  ::sigemptyset(&alarm);
  ::sigaddset(&alarm, SIGALRM);
  ::sigprocmask(SIG_UNBLOCK, &alarm, nullptr);
  const itimerval often = {.it_interval = {0, kPeriod_us}, .it_value = {0, kPeriod_us}};
  ::setitimer(ITIMER_REAL, &often, nullptr);
}

}  // namespace pymemflow::report
