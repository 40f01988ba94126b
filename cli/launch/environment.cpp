#include "cli/launch/environment.h"

#include "cli/platform/platform.h"

namespace pymemflow::cli {
Environment::Environment(char** ours) {
  for (char** entry = ours; entry != nullptr && *entry != nullptr; ++entry) {
    if (!std::string_view(*entry).starts_with("PYMEMFLOW_")) texts_.emplace_back(*entry);
  }
}

void Environment::preload(const std::string& library) {
  const std::string start = std::string(platform::kPreloadVariable) + "=";
  for (std::string& text : texts_) {
    if (!text.starts_with(start)) continue;
    const std::string others = text.substr(start.size());
    text = start + library + (others.empty() ? "" : ":") + others;
    return;
  }
  set(platform::kPreloadVariable, library);
}

void Environment::set_options(const Options& asked, const std::string& capture) {
  set("PYMEMFLOW_CAPTURE", capture);
  if (asked.capture_limit != 0) {
    set("PYMEMFLOW_CAPTURE_LIMIT", std::to_string(asked.capture_limit));
  }
  if (asked.ring != 0) set("PYMEMFLOW_RING", std::to_string(asked.ring));
  if (asked.start == Start::Manual) set("PYMEMFLOW_START", "manual");
  // What a report is to print of probes has to be recorded by them.
  if (asked.attribution == Attribution::Probe || asked.compat != Compat::None) {
    set("PYMEMFLOW_ATTRIBUTION", "probe");
  }
  if (asked.python_call_stack) set("PYMEMFLOW_PYTHON_CALL_STACK", "1");
  // What is alive can be told from the events alone.
  if (!asked.flow && !asked.summary) set("PYMEMFLOW_FLOW", "0");
}

char** Environment::entries() {
  entries_.clear();
  for (std::string& text : texts_) entries_.push_back(text.data());
  entries_.push_back(nullptr);
  return entries_.data();
}

void Environment::set(const std::string& name, const std::string& value) {
  texts_.push_back(name + "=" + value);
}

}  // namespace pymemflow::cli
