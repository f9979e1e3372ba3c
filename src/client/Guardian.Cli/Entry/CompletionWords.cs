using System.CommandLine;
using System.CommandLine.Completions;

namespace Guardian.Cli.Entry;

/// <summary>The words that can follow a command.</summary>
/// <param name="Path">The words of the command, each with a blank before it; empty for <c>guardian</c>.</param>
/// <param name="Commands">The commands below it, with their descriptions.</param>
/// <param name="Options">Its options.</param>
/// <param name="Values">The values of arguments that accept a few words only.</param>
/// <param name="OptionValues">The values of options that accept a few words only.</param>
internal sealed record CompletionWords(
    string Path, IReadOnlyList<(string Name, string Description)> Commands, IReadOnlyList<(string Name, string Description)> Options,
    IReadOnlyList<string> Values, IReadOnlyList<(string Option, IReadOnlyList<string> Values)> OptionValues)
{
    /// <summary>Lists a command and everything below it.</summary>
    public static IReadOnlyList<CompletionWords> Of(Command root) => [.. Of(root, "", [])];

    private static IEnumerable<CompletionWords> Of(Command command, string path, IReadOnlyList<Option> inherited)
    {
        List<Option> options = [.. command.Options.Concat(inherited).Where(option => !option.Hidden)];
        yield return new CompletionWords(
            path,
            [.. command.Subcommands.Select(each => (each.Name, each.Description ?? ""))],
            [.. options.Select(option => (option.Name, option.Description ?? ""))],
            [.. command.Arguments.SelectMany(ValuesOf)],
            [.. options.Select(option => (option.Name, ValuesOf(option))).Where(each => each.Item2.Count > 0)]);
        List<Option> recursive = [.. inherited, .. command.Options.Where(option => option.Recursive)];
        foreach (var words in command.Subcommands.SelectMany(each => Of(each, $"{path} {each.Name}", recursive)))
        {
            yield return words;
        }
    }

    // A Boolean option takes true and false, which nobody writes.
    private static IReadOnlyList<string> ValuesOf(Symbol symbol) => symbol is Option { ValueType: var type } && type == typeof(bool)
        ? []
        : [.. symbol.GetCompletions(CompletionContext.Empty).Select(item => item.Label)];
}
