#pragma once
// Writes definitions, which give the numbers in the records their meaning. The stream must be the
// caller's own. The functions return false if nothing more can be recorded.

#include <cstdint>
#include <span>
#include <string_view>

#include "capture/event.h"
#include "interpose/recording/blocks/definition_stream.h"
#include "platform/modules.h"
#include "pyframe/code.h"

namespace pymemflow::interpose {

// Uses the text numbers `first_text` to `first_text` + 2.
bool define_code(DefinitionStream& stream, const pyframe::Code& code, std::uint32_t number,
                 std::uint32_t first_text);
bool define_site(DefinitionStream& stream, SiteId site, std::uint32_t code,
                 std::int32_t instruction);
// `module` is the text number of the path of the module that holds the address; 0: no module does.
bool define_caller(DefinitionStream& stream, SiteId site, const void* address,
                   std::uint32_t module);
bool define_stack(DefinitionStream& stream, StackId number, StackNode node);
bool define_module(DefinitionStream& stream, const platform::Mapping& mapping, std::uint32_t text,
                   std::span<const unsigned char> build_id);
// `name` has at most kMaxThreadName bytes, and is the thread's from the stamp on.
bool define_thread_name(DefinitionStream& stream, std::uint32_t thread, std::uint64_t stamp,
                        std::string_view name);
bool define_metadata(DefinitionStream& stream, MetadataKind kind, std::string_view text);

}  // namespace pymemflow::interpose
