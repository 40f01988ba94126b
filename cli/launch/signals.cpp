#include "cli/launch/signals.h"

#include <spawn.h>

#include <atomic>

#include "cli/platform/platform.h"

namespace pymemflow::cli {
namespace {

constexpr int kForwarded[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};

std::atomic<pid_t> program = 0;
std::atomic<bool> has_own_group = false;
std::atomic<bool> is_interrupted = false;
bool is_size_signal_ours = false;  // programs that the command starts get its default action

void forward(int signal, siginfo_t* details, void*) {
  if (signal != SIGUSR1 && signal != SIGUSR2) is_interrupted = true;
  const pid_t child = program.load(std::memory_order_relaxed);
  if (child <= 0) return;
  if (has_own_group.load(std::memory_order_relaxed)) {
    ::kill(-child, signal);
  } else if (!platform::is_from_terminal(*details)) {
    ::kill(child, signal);
  }
}

}  // namespace

void ignore_size_signal() {
  struct sigaction action {};
  if (::sigaction(SIGXFSZ, nullptr, &action) != 0 || action.sa_handler != SIG_DFL) return;
  action.sa_handler = SIG_IGN;
  is_size_signal_ours = ::sigaction(SIGXFSZ, &action, nullptr) == 0;
}

// sigemptyset() and its kin are macros on some systems, so they are called without "::".
ForwardedSignals::ForwardedSignals() {
  is_interrupted = false;
  sigemptyset(&caught_);
  for (const int signal : kForwarded) {
    ::sigaction(signal, nullptr, &before_[signal]);
    const bool is_ignored =
        (before_[signal].sa_flags & SA_SIGINFO) == 0 && before_[signal].sa_handler == SIG_IGN;
    if (!is_ignored) sigaddset(&caught_, signal);
  }
  // Blocked until there is a program to forward them to.
  ::sigprocmask(SIG_BLOCK, &caught_, &mask_before_);
  struct sigaction action {};
  action.sa_sigaction = forward;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (const int signal : kForwarded) {
    if (sigismember(&caught_, signal) == 1) ::sigaction(signal, &action, nullptr);
  }
}

ForwardedSignals::~ForwardedSignals() {
  for (const int signal : kForwarded) {
    if (sigismember(&caught_, signal) == 1) ::sigaction(signal, &before_[signal], nullptr);
  }
  program = 0;
  ::sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
}

bool ForwardedSignals::has_interrupt() const {
  return is_interrupted;
}

int ForwardedSignals::spawn(const std::vector<std::string>& words, char** environment,
                            const Streams& streams, Group group, pid_t& child) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawnattr_t attributes;
  if (const int error = ::posix_spawnattr_init(&attributes)) return error;
  ::posix_spawnattr_setsigmask(&attributes, &mask_before_);
  sigset_t defaults = caught_;
  if (is_size_signal_ours) sigaddset(&defaults, SIGXFSZ);
  ::posix_spawnattr_setsigdefault(&attributes, &defaults);
  const int in_group = group == Group::Own ? POSIX_SPAWN_SETPGROUP : 0;
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(
      &attributes, static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | in_group));
  posix_spawn_file_actions_t actions;
  if (const int error = ::posix_spawn_file_actions_init(&actions)) return error;
  const int given[] = {streams.in, streams.out, streams.error};
  for (int number = 0; number < 3; ++number) {
    if (given[number] >= 0) ::posix_spawn_file_actions_adddup2(&actions, given[number], number);
  }
  const int error =
      ::posix_spawnp(&child, arguments[0], &actions, &attributes, arguments.data(), environment);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (error != 0) return error;
  has_own_group = group == Group::Own;
  program = child;
  ::sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
  return 0;
}

}  // namespace pymemflow::cli
