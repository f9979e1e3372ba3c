using System.CommandLine;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Documents;
using Guardian.Refusals;

namespace Guardian.Cli.Options;

/// <summary>
/// Options that the user may also set by the environment or by a file. An option of the command line comes first, then the environment,
/// then the file. Values that are secrets are never among them; options name files.
/// </summary>
/// <param name="prefix">The beginning of the variables' names, such as <c>GUARDIAN_CAS_</c>.</param>
/// <param name="options">The options. The variable of <c>--caller-calls</c> is <c>PREFIX</c>CALLER_CALLS, its name in the file
/// <c>caller-calls</c>.</param>
internal sealed class StartSettings(string prefix, IReadOnlyList<Option> options)
{
    /// <summary>The option that names the file.</summary>
    public Option<string?> File { get; } = new("--config")
    {
        Description =
            $"YAML file with options: their names without dashes, and their values. The environment ({prefix}NAME) comes before it.",
        HelpName = "FILE",
    };

    /// <summary>Adds what the environment and the file say to a command line.</summary>
    /// <returns>The whole command line, parsed again.</returns>
    /// <exception cref="RefusedException">The file is malformed, or a value is not one of its option.</exception>
    public ParseResult Complete(ParseResult arguments)
    {
        var path = arguments.GetValue(File) ?? Environment.GetEnvironmentVariable($"{prefix}CONFIG");
        var file = path is null ? new Dictionary<string, IReadOnlyList<string>>() : ReadFile(path);
        var more = new List<string>();
        var sources = new List<string>();
        foreach (var option in options.Where(option => arguments.GetResult(option) is not { Implicit: false }))
        {
            var name = option.Name[2..];
            var variable = prefix + name.Replace('-', '_').ToUpperInvariant();
            var value = Environment.GetEnvironmentVariable(variable) is { Length: > 0 } set ? set : null;
            var values = value is null ? file.GetValueOrDefault(name) ?? [] : IsList(option) ? value.Split(',') : [value];
            if (values.Count > 0)
            {
                more.AddRange(values.SelectMany<string, string>(each => [option.Name, each]));
                sources.Add(value is not null ? variable : $"'{name}' in {path}");
            }
        }
        if (more.Count == 0)
        {
            return arguments;
        }
        var complete = arguments.RootCommandResult.Command.Parse([.. arguments.Tokens.Select(token => token.Value), .. more]);
        return complete.Errors.Count == 0
            ? complete
            : throw CliReasons.Usage.Refuse(
                $"the options from {string.Join(", ", sources)} are not accepted: "
                + string.Join("; ", complete.Errors.Select(error => error.Message)));
    }

    private Dictionary<string, IReadOnlyList<string>> ReadFile(string path)
    {
        var problems = new DocumentProblems();
        var map = YamlDocument.Read(InputFile.ReadBytes(path, YamlDocument.MaxSize), problems);
        var values = new Dictionary<string, IReadOnlyList<string>>();
        foreach (var option in options)
        {
            var name = option.Name[2..];
            if (map?.Has(name) == true)
            {
                values[name] = IsList(option)
                    ? [.. map.Texts(name).Select(text => text.Value)]
                    : map.OptionalText(name) is { } text ? [text] : [];
            }
        }
        map?.End();
        return problems.Any
            ? throw new RefusedException(problems.ToRefusal("the file with options has mistakes", path) with
            {
                Remedy = $"its names are {string.Join(", ", options.Select(option => option.Name[2..]))}",
            })
            : values;
    }

    private static bool IsList(Option option) => option.ValueType.IsArray;
}
