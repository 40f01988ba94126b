#pragma once
// Finds where a call came from, for its record: the site, or, in a recording with stacks, the whole
// stack of a call that hands out a block. For the recorder, on the writer's own thread, in the
// middle of a record. New sites and stacks are described in the writer's definitions.

#include "capture/event.h"
#include "interpose/recording/writer.h"
#include "interpose/unwind/registers.h"
#include "pyframe/frame.h"

namespace pymemflow::interpose {

struct CallSite {
  enum class Kind : std::uint8_t {
    Site,       // the number of the site is that in the record
    UsedSite,   // the record has the index that a site has in its block
    UsedStack,  // the same of a stack
  };
  Kind kind;
  std::uint32_t number;

  bool is_known() const { return kind == Kind::UsedStack ? number != kNoStack : number != kNoSite; }
};

// Not known: nothing more can be recorded.
CallSite require_call_site(Writer& writer, Effect effect, const void* caller);

// Makes room for a record of `words` words and what use_in_block() writes before it. False: nothing
// can be recorded any more.
bool make_room_for_use(Writer& writer, const CallSite& site, std::size_t words);
// Returns the number for the record, which has to be the next one.
std::uint32_t use_in_block(Writer& writer, const CallSite& site);

// Returns a Python site, and defines it if it is new. kNoSite: nothing more can be recorded, or no
// code object is there.
SiteId require_python_site(Writer& writer, const pyframe::Position& position);

// Returns the site of a C caller, and defines it if it is new. kNoSite: nothing more can be
// recorded.
SiteId require_caller_site(Writer& writer, const void* caller);

// Before the recording starts, not inside a hook: stacks are to have native frames. False: nothing
// tells the code that runs Python frames, so there will be none above those.
bool prepare_native_stacks(const pyframe::Interpreter& interpreter);

// The stack that runs, with the number that it has among the stacks. Only in a recording with
// stacks. kNoStack: nothing more can be recorded. Keeps errno. `known`: the registers of the
// caller, if they are known.
StackId require_stack(Writer& writer, const void* caller);
StackId require_native_stack(Writer& writer, const void* caller, const Registers* known = nullptr);

}  // namespace pymemflow::interpose
