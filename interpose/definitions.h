#pragma once
// Writes definitions: what the numbers in a writer's records stand for. The writer must be
// Recording and have its turn. False: nothing more can be recorded.

#include <cstdint>

#include "interpose/event.h"
#include "interpose/platform/platform.h"
#include "interpose/writer.h"
#include "pyframe/code.h"

namespace pymemflow::interpose {

// Uses the text numbers `first_text` to `first_text` + 2.
bool define_code(Writer& writer, const pyframe::Code& code, std::uint32_t number,
                 std::uint32_t first_text);
bool define_site(Writer& writer, SiteId site, std::uint32_t code, std::int32_t instruction);
bool define_caller(Writer& writer, SiteId site, const void* address);
bool define_module(Writer& writer, const platform::Mapping& mapping, std::uint32_t text);
bool define_thread(Writer& writer, std::uint32_t thread);

}  // namespace pymemflow::interpose
