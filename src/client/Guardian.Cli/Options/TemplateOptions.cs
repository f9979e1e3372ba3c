using System.CommandLine;
using System.Text;
using Guardian.Cas.Client.Sessions;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Sessions;
using Guardian.Refusals;

namespace Guardian.Cli.Options;

/// <summary>The options that give values to the variables of a session, and the session with these values.</summary>
internal sealed class TemplateOptions
{
    private readonly Option<string[]> variables = new("--variable", "-e")
    {
        Description = "Value of a variable, which the session names as $NAME or ${NAME}; repeatable.",
        HelpName = "NAME=VALUE",
    };

    private readonly Option<bool> useEnvironment = new("--use-env")
    {
        Description = "Take variables that -e does not give from the environment.",
    };

    /// <summary>All symbols, for the command that reads them.</summary>
    public IReadOnlyList<Option> All => [variables, useEnvironment];

    /// <summary>Reads a session with its values. Its hash is that of the final bytes.</summary>
    /// <exception cref="RefusedException">The file is missing, a variable has no value, or the session has mistakes.</exception>
    public (SessionDocument Session, byte[] Bytes) Load(ParseResult arguments, string path) =>
        SessionDocumentFile.Read(Encoding.UTF8.GetBytes(LoadText(arguments, path)), path);

    /// <summary>Reads the text of a session with its values; without options it stays as it is.</summary>
    /// <exception cref="RefusedException">The file is missing or no UTF-8, or a variable has no value.</exception>
    public string LoadText(ParseResult arguments, string path)
    {
        var text = SessionDocumentFile.ReadText(path);
        var given = Read(arguments);
        var isEnvironmentUsed = arguments.GetValue(useEnvironment);
        return given.Count == 0 && !isEnvironmentUsed
            ? text
            : SessionTemplate.Expand(
                text, name => given.GetValueOrDefault(name) ?? (isEnvironmentUsed ? Environment.GetEnvironmentVariable(name) : null), path);
    }

    private Dictionary<string, string> Read(ParseResult arguments)
    {
        var given = new Dictionary<string, string>();
        foreach (var text in arguments.GetValue(variables) ?? [])
        {
            var separator = text.IndexOf('=', StringComparison.Ordinal);
            if (separator <= 0 || !given.TryAdd(text[..separator], text[(separator + 1)..]))
            {
                throw CliReasons.Usage.Refuse($"-e takes NAME=VALUE, each name once, not '{(separator < 0 ? text : text[..separator])}'");
            }
        }
        return given;
    }
}
