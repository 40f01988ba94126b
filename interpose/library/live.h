#pragma once
// Questions that the program asks about its own memory while it records on
// (interpose/library/api.h): takes a place in the order of events, and has the report side answer
// for what came before. Any thread, one after the other. The functions return 0 or an error number.

#include <cstddef>
#include <cstdint>

namespace pymemflow::interpose::live {

int outstanding(std::uint64_t* bytes, std::uint64_t* blocks);
int growth(const char* mark, char* text, std::size_t size, std::size_t* length);

}  // namespace pymemflow::interpose::live
