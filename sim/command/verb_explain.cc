// `millrace explain`: one name in a paragraph.

#include <nlohmann/json.hpp>

#include "sim/command/explain.h"
#include "sim/command/scenario_values.h"
#include "sim/command/verbs.h"

namespace millrace::command {

int verb_explain(const Context& context) {
  const Options& options = context.options;
  if (options.names.size() != 1) return usage_error(context, "explain needs one ID");
  const std::string& name = options.names.front();
  const auto text = explain(name, context.registry, shell_word(context.options.program),
                            reports::layout_width(screen_options(context)));
  if (!text.has_value()) {
    return usage_error(context, unknown_name("name", name, explained_names(context.registry)));
  }
  if (options.is_json) {
    const nlohmann::ordered_json object{{"schema", 1}, {"id", name}, {"text", *text}};
    context.console.out(object.dump(2) + "\n");
  } else {
    context.console.out(*text);
  }
  return number(ExitStatus::kHeld);
}

}  // namespace millrace::command
