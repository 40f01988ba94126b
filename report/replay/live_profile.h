#pragma once
// The profile of this process, asked for while it is being recorded. Each question replays the
// capture from the moment of the last question up to a stamp, so it costs as much as there were
// events in between; a live block takes 35 to 70 bytes of the private heap. One thread at a time.

#include <cstdint>
#include <optional>
#include <string_view>

#include "report/base/amount.h"
#include "report/base/memory.h"
#include "report/reader/capture_reader.h"
#include "report/replay/profile.h"
#include "report/symbols/symbols.h"

namespace pymemflow::report {

// Has another process answer a request for names (name_request.h). False: it could not.
using AskForNames = bool (*)(std::string_view request, String& answer);

class LiveProfile final : private Symbols::Source {
 public:
  // The files are borrowed, and must outlive this. Without `ask` this process reads the names
  // itself.
  LiveProfile(const CaptureFiles& files, AskForNames ask)
      : reader_(files), ask_(ask), symbols_(reader_.names().modules(), ask ? this : nullptr) {}

  // Takes the events that have a smaller stamp than this one, which interpose::record_turn()
  // returned. Returns what is wrong with the capture; empty: nothing.
  std::string_view follow(std::uint64_t stamp);

  // As of the last follow().
  Amount live() const;
  // The growth since the latest mark of that name, as a JSON object; empty: there is no such mark.
  // pymemflow_growth() in interpose/library/api.h describes the object.
  String growth_since(std::string_view mark);

 private:
  // Asks for the names of all callers that were defined since the last request.
  void find_names(Symbols& symbols) override;

  CaptureReader reader_;
  AskForNames ask_;
  std::size_t asked_ = 0;  // callers
  EventBatch batch_;       // too large for the stack of the host's thread
  Symbols symbols_;
  std::optional<ProfileBuilder> builder_;
};

}  // namespace pymemflow::report
