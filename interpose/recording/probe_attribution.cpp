#include "interpose/recording/probe_attribution.h"

#include "interpose/recording/probe_arena.h"
#include "interpose/recording/writer.h"

namespace pymemflow::interpose {

pyframe::Probed probed_position(const pyframe::Interpreter& interpreter, Writer& writer,
                                const pyframe::LastProbe& last, pyframe::Position& position,
                                bool& is_found) {
  is_found = false;
  if (!pyframe::is_known(interpreter)) return pyframe::Probed::NotYet;
  const void* const state = pyframe::thread_state(interpreter, writer.thread);
  if (state == nullptr) return pyframe::Probed::NotYet;
  const pyframe::Probed probed = pyframe::probed(state);
  is_found = probed == pyframe::Probed::Yes
                 ? pyframe::probed_position(interpreter, state, last, position)
                 : pyframe::position_in(interpreter, state, position);
  return probed;
}

bool is_for_probes(Writer& writer, std::uint64_t address, bool is_release) {
  if (probe_arena::owns(reinterpret_cast<const void*>(address))) return true;
  if (!is_release || address == 0) return false;
  for (std::uint64_t& made : writer.probe.made) {
    if (made != address) continue;
    made = 0;
    return true;
  }
  return false;
}

void note_recorded(Writer& writer, Word* record, std::uint64_t address, std::uint64_t bytes) {
  if (address == 0) return;  // a failed call has no block
  ProbeState::Handed(&latest)[2] = writer.probe.latest;
  latest[1] = latest[0];
  latest[0] = {record, writer.position, address, bytes, writer.window->number};
}

}  // namespace pymemflow::interpose
