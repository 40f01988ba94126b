#pragma once
// Begins to record the calls of Python's allocators, and says at the end where they were missed. At
// start-up, and at the end of the recording.

#include "options/options.h"
#include "pyframe/interpreter.h"

namespace pymemflow::interpose {

void record_domains(const pyframe::Interpreter& interpreter, Domains domains);
void say_unseen_objects(Domains domains);
void say_replaced_tables();

}  // namespace pymemflow::interpose
