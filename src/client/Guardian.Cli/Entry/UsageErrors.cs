using System.CommandLine;
using System.CommandLine.Parsing;
using Guardian.Cli.Commands;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Refusals;

namespace Guardian.Cli.Entry;

/// <summary>Explains a command line that cannot be run, and suggests the nearest word that exists.</summary>
internal static class UsageErrors
{
    /// <summary>Describes the mistakes of a command line; null when it has none.</summary>
    public static Refusal? Find(ParseResult arguments)
    {
        var command = arguments.CommandResult.Command;
        var path = PathOf(arguments.CommandResult);
        if ((arguments.UnmatchedTokens is [var unmatched, ..] ? unmatched : FindUnknownOption(arguments)) is { } unknown)
        {
            return unknown.StartsWith('-')
                ? Suggest($"{path} has no option {unknown}", NearestWord.Find(unknown, OptionsOf(arguments.CommandResult)), path)
                : command.Subcommands.Count > 0
                    ? Suggest(
                        $"there is no command '{path} {unknown}'",
                        NearestWord.Find(unknown, command.Subcommands.Select(each => each.Name)) is { } near
                            ? $"{path} {near}"
                            : null, path)
                    : CliReasons.Usage.Because(
                        $"{path} takes no argument '{unknown}'") with { Remedy = $"{path} --help shows what it takes" };
        }
        if (arguments.Errors.Count == 0)
        {
            return null;
        }
        List<string> errors = [
            .. arguments.Errors.OrderBy(error => error.SymbolResult is not ArgumentResult).Select(error => Translate(error, path))];
        return CliReasons.Usage.Because(errors[0]) with { Problems = errors[1..], Remedy = $"{path} --help shows what it takes" };
    }

    // The parser takes a word with dashes that is no option for an argument, such as a file's name.
    private static string? FindUnknownOption(ParseResult arguments) =>
        arguments.CommandResult.Command is CliCommand { TakesForeignOptions: true }
            ? null
            : arguments.Tokens.TakeWhile(token => token.Type != TokenType.DoubleDash)
                .Where(token => token.Value.Length > 1 && token.Value.StartsWith('-'))
                .Intersect(arguments.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens))
                .FirstOrDefault()?.Value;

    private static Refusal Suggest(string detail, string? near, string path) =>
        CliReasons.Usage.Because(detail) with { Remedy = near is null ? $"{path} --help lists what there is" : $"did you mean: {near}" };

    private static string PathOf(CommandResult result) =>
        result.Parent is CommandResult parent ? $"{PathOf(parent)} {result.Command.Name}" : "guardian";

    private static IEnumerable<string> OptionsOf(CommandResult result) => result.Command.Options
        .Concat(result.Parent is CommandResult parent ? AncestorOptions(parent) : []).Select(option => option.Name);

    private static IEnumerable<Option> AncestorOptions(CommandResult result) => result.Command.Options.Where(option => option.Recursive)
        .Concat(result.Parent is CommandResult parent ? AncestorOptions(parent) : []);

    // The parser's own sentences begin with a capital letter and end with a full stop; those of this command line do neither.
    private static string Translate(ParseError error, string path) => error.SymbolResult switch
    {
        OptionResult { Option: { Required: true } option, IdentifierTokenCount: 0 } => $"{option.Name} is missing",
        CommandResult when error.Message.Contains("is required", StringComparison.Ordinal) => $"{error.Message.Split('\'')[1]} is missing",
        ArgumentResult { Tokens.Count: 0, Parent: CommandResult } result => $"{path} needs {result.Argument.Name}",
        ArgumentResult { Tokens.Count: 0, Parent: OptionResult option } => $"{option.Option.Name} needs a value",
        _ when error.Message.Contains("Must be one of", StringComparison.Ordinal) => DescribeChoice(error.Message.Split('\'')),
        _ => Decapitalise(error.Message),
    };

    // The parser quotes the word that was typed, and then each word that is accepted.
    private static string DescribeChoice(string[] parts) =>
        $"'{parts[1]}' is not one of: {string.Join(", ", parts.Where((_, index) => index > 2 && index % 2 == 1))}";

    private static string Decapitalise(string message)
    {
        var line = string.Join(' ', message.Split((char[])['\r', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries)).TrimEnd('.');
        return char.ToLowerInvariant(line[0]) + line[1..];
    }
}
