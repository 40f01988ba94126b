#include "interpose/recording/call_site.h"

#include <cerrno>

#include "interpose/recording/recorder.h"
#include "interpose/unwind/function_parts.h"
#include "interpose/unwind/rules.h"
#include "interpose/unwind/stops.h"
#include "pyframe/code.h"
#include "pyframe/own_line.h"

namespace pymemflow::interpose {
namespace {

// Of the evaluation function.
constexpr std::size_t kMaxParts = 64;

bool find_position(Writer& writer, pyframe::Position& position) {
  if (recording.probes.attribution == Attribution::Probe) {
    const Writer* const own = this_writer();
    const pyframe::LastProbe& last = (own != nullptr ? *own : writer).probe.last;
    bool is_found = false;
    const pyframe::Probed probed =
        probed_position(recording.interpreter, writer, last, position, is_found);
    if (probed == pyframe::Probed::SomebodyElse) {
      recording.not_probed.fetch_add(1, std::memory_order_relaxed);
    }
    return is_found;
  }
  if (!pyframe::current_position(recording.interpreter, writer.thread, position)) return false;
  pyframe::take_own_line(recording.interpreter, position);
  return true;
}

// Returns the site of a call, and defines it if it is new.
SiteId require_site(Writer& writer, const void* caller) {
  pyframe::Position position;
  if (find_position(writer, position)) {
    if (const SiteId site = require_python_site(writer, position)) return site;
  }
  return require_caller_site(writer, caller);
}

StackId end_of(pyframe::ChainEnd end) {
  switch (end) {
    case pyframe::ChainEnd::Bottom:
      return end_of_stack(StackEnd::Bottom);
    case pyframe::ChainEnd::Cut:
      return end_of_stack(StackEnd::Cut);
    case pyframe::ChainEnd::Unread:
      break;
  }
  return end_of_stack(StackEnd::Unread);
}

// Not inlined, since most stacks are known.
__attribute__((noinline)) StackId define_stack(Writer& writer, StackId parent, SiteId site) {
  const int saved = errno;
  const StackId stack = recording.stacks.define(writer.definitions, parent, site);
  errno = saved;
  return stack;
}

PMF_AT_ONCE StackId require_stack(Writer& writer, StackId parent, SiteId site) {
  const StackId stack = recording.stacks.find(parent, site);
  return stack != kNoStack ? stack : define_stack(writer, parent, site);
}

// Finds the stack that ends at a frame which is not among the sites of this thread.
__attribute__((noinline)) StackId stack_at_frame(Writer& writer, StackId parent, unsigned index) {
  ThreadStack& stack = *writer.stack;
  const pyframe::Interpreter& interpreter = recording.interpreter;
  pyframe::Position position;
  // A shim has no line: what lies above it goes on from what lies below.
  if (!stack.frames.read(interpreter, index, position)) return parent;
  if (pyframe::is_of_interpreter(interpreter, position.code)) return parent;
  const int saved = errno;
  pyframe::take_own_line(interpreter, position);
  const SiteId site = require_python_site(writer, position);
  errno = saved;
  if (site == kNoSite) return end_of_stack(StackEnd::Unread);
  const std::uint64_t key = stack.frames.key(interpreter, index);
  if (position.own_line != 0) {
    stack.frames.distrust(index);
  } else if (key != 0) {
    stack.keyed_site(key) = {key, static_cast<std::uint32_t>(stack.deaths), site};
  }
  return require_stack(writer, parent, site);
}

PMF_AT_ONCE StackId stack_above(Writer& writer, StackId parent, unsigned index) {
  ThreadStack& stack = *writer.stack;
  const std::uint64_t key = stack.frames.key(recording.interpreter, index);
  const KeyedSite& known = stack.keyed_site(key);
  if (known.key != key || known.deaths != static_cast<std::uint32_t>(stack.deaths)) {
    return stack_at_frame(writer, parent, index);
  }
  return require_stack(writer, parent, known.site);
}

// The stack of the Python frames of this thread. An end of a stack: no Python frame runs.
StackId require_python_stack(Writer& writer, const void* state) {
  ThreadStack& stack = *writer.stack;
  // Reads the count before the frames, so that the death of a code object in between is noticed.
  const std::uint64_t deaths = recording.sites.deaths();
  if (stack.deaths != deaths) [[unlikely]] {
    stack.frames.forget();
    stack.deaths = deaths;
  }
  unsigned index = stack.frames.refresh(recording.interpreter, state);
  if (index == 0) stack.nodes[0] = end_of(stack.frames.end());
  StackId node = stack.nodes[index];
  for (; index < stack.frames.depth(); ++index) {
    node = stack_above(writer, node, index);
    stack.nodes[index + 1] = node;
    if (node == kNoStack) [[unlikely]] {
      stack.frames.forget();
      break;
    }
  }
  return node;
}

PMF_AT_ONCE StackId require_python_stack(Writer& writer) {
  const pyframe::Interpreter& interpreter = recording.interpreter;
  constexpr StackId kNone = end_of_stack(StackEnd::Bottom);
  const void* state = nullptr;
  if (!pyframe::is_known(interpreter)) return kNone;
  if (!pyframe::find_state_at_once(interpreter, writer.thread, state)) {
    state = pyframe::thread_state(interpreter, writer.thread);
  }
  return state == nullptr ? kNone : require_python_stack(writer, state);
}

// Of a call for which no Python frame runs: its caller, and nothing below it.
__attribute__((noinline)) StackId require_stack_of_caller(Writer& writer, const void* caller) {
  const int saved = errno;
  const SiteId site = require_site(writer, caller);
  errno = saved;
  return site == kNoSite ? kNoStack : require_stack(writer, kNoStack, site);
}

StackEnd end_of(WalkEnd end) {
  switch (end) {
    case WalkEnd::Bottom:
      return StackEnd::Bottom;
    case WalkEnd::Full:
      return StackEnd::Cut;
    case WalkEnd::NoRule:
      return StackEnd::NoRule;
    case WalkEnd::Stopped:
    case WalkEnd::Unread:
      break;
  }
  return StackEnd::Unread;
}

// Not inlined, since most stacks are remembered.
__attribute__((noinline)) StackId define_above(Writer& writer, StackId below, std::uintptr_t pc) {
  const int saved = errno;
  const SiteId site = require_caller_site(writer, reinterpret_cast<const void*>(pc));
  StackId stack = site == kNoSite ? kNoStack : recording.stacks.find(below, site);
  if (stack == kNoStack && site != kNoSite) {
    stack = recording.stacks.define(writer.definitions, below, site);
  }
  if (stack != kNoStack) writer.stack->native.remember(below, pc, stack);
  errno = saved;
  return stack;
}

inline StackId require_above(Writer& writer, StackId below, std::uintptr_t pc) {
  const StackId known = writer.stack->native.find(below, pc);
  return known != 0 ? known : define_above(writer, below, pc);
}

// Puts the native frames above the stack of the Python frames, or above an end: none run.
StackId add_native_frames(Writer& writer, StackId below, const void* caller,
                          const Registers* known) {
  const bool has_python = below >= kFirstStack;
  // One frame is for what may be missing.
  const std::size_t others = has_python ? writer.stack->frames.depth() + 1 : 0;
  const bool is_full = others >= kMaxStackFrames;
  if (below == kNoStack || is_full || (has_python && !recording.is_evaluation_marked)) return below;
  NativeFrames& native = writer.stack->native;
  native.use_for(recording.sites.unloads());
  const NativeFrames::Callers callers =
      native.walk(reinterpret_cast<std::uintptr_t>(caller), known,
                  has_python ? Until::MarkedCode : Until::Bottom, kMaxStackFrames - others);
  StackId stack = below;
  if (!has_python) {
    stack = end_of_stack(end_of(callers.end));
  } else if (callers.end != WalkEnd::Stopped) {
    stack = require_above(writer, below, missing_frames(end_of(callers.end)));
  }
  for (std::size_t i = callers.frames.size(); i-- > 0 && stack != kNoStack;) {
    stack = require_above(writer, stack, callers.frames[i]);
  }
  return stack;
}

}  // namespace

SiteId require_python_site(Writer& writer, const pyframe::Position& position) {
  if (const SiteId site = recording.sites.find(position)) return site;
  recording.python_ran.store(true, std::memory_order_relaxed);
  return recording.sites.define(writer.definitions, recording.interpreter, position);
}

bool prepare_native_stacks(const pyframe::Interpreter& interpreter) {
  if (!prepare_rules() || interpreter.evaluate == nullptr) return false;
  CodeRange parts[kMaxParts];
  const std::size_t count =
      find_function_parts(reinterpret_cast<std::uintptr_t>(interpreter.evaluate), parts);
  return count != 0 && mark_code({parts, count});
}

SiteId require_caller_site(Writer& writer, const void* caller) {
  if (const SiteId site = recording.sites.find_caller(caller)) return site;
  if (pyframe::has_python_state(recording.interpreter)) {
    recording.python_ran.store(true, std::memory_order_relaxed);
  }
  return recording.sites.define_caller(writer.definitions, caller);
}

StackId require_native_stack(Writer& writer, const void* caller, const Registers* known) {
  return add_native_frames(writer, require_python_stack(writer), caller, known);
}

StackId require_stack(Writer& writer, const void* caller) {
  const StackId stack = require_python_stack(writer);
  if (stack >= kFirstStack || stack == kNoStack) [[likely]]
    return stack;
  return require_stack_of_caller(writer, caller);
}

CallSite require_call_site(Writer& writer, Effect effect, const void* caller) {
  if (writer.stack == nullptr) return {CallSite::Kind::Site, require_site(writer, caller)};
  if (effect == Effect::Release) return {CallSite::Kind::UsedSite, require_site(writer, caller)};
  return {CallSite::Kind::UsedStack, recording.has_native_frames
                                         ? require_native_stack(writer, caller)
                                         : require_stack(writer, caller)};
}

bool make_room_for_use(Writer& writer, const CallSite& site, std::size_t words) {
  return site.kind == CallSite::Kind::Site || make_room(writer, words + kUsedWords) != nullptr;
}

std::uint32_t use_in_block(Writer& writer, const CallSite& site) {
  switch (site.kind) {
    case CallSite::Kind::Site:
      break;
    case CallSite::Kind::UsedSite:
      return use_site(writer, site.number);
    case CallSite::Kind::UsedStack:
      return use_stack(writer, site.number);
  }
  return site.number;
}

}  // namespace pymemflow::interpose
