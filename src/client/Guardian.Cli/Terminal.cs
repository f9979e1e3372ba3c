using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Guardian.Cli;

/// <summary>
/// Where a command speaks: results to standard output, as text for people or one JSON document for programs; everything else
/// to standard error.
/// </summary>
internal sealed class Terminal
{
    public Terminal(bool json, TextWriter output, TextWriter error)
    {
        Json = json;
        RawOutput = output;
        Output = CreateConsole(output, Console.IsOutputRedirected);
        Error = CreateConsole(error, Console.IsErrorRedirected);
    }

    /// <summary>Whether a program reads the result.</summary>
    public bool Json { get; }

    /// <summary>Results for people.</summary>
    public IAnsiConsole Output { get; }

    /// <summary>Everything else.</summary>
    public IAnsiConsole Error { get; }

    /// <summary>Whether long work shows its progress.</summary>
    public bool ShowsProgress => !Json && !Console.IsErrorRedirected;

    private TextWriter RawOutput { get; }

    /// <summary>Writes the result in the form that was asked for.</summary>
    public void Show(JsonObject json, Action<IAnsiConsole> people)
    {
        if (Json)
        {
            RawOutput.WriteLine(json.ToJsonString());
        }
        else
        {
            people(Output);
        }
    }

    /// <summary>Reports why the command ends, in the form that was asked for.</summary>
    public void Fail(CliException failure)
    {
        if (Json)
        {
            Show(
                new JsonObject
                {
                    ["error"] = failure.Reason,
                    ["message"] = failure.Message,
                    ["details"] = new JsonArray([.. failure.Details.Select(detail => (JsonNode)detail)]),
                    ["hint"] = failure.Hint,
                },
                _ => { });
        }
        Error.WriteLine($"guardian: error: {failure.Message}");
        foreach (var detail in failure.Details)
        {
            Error.WriteLine($"  {detail}");
        }
        if (failure.Hint is not null)
        {
            Error.WriteLine($"guardian: hint: {failure.Hint}");
        }
    }

    /// <summary>Runs long work. Where a person watches, each part has a bar with what is done and the time left; a pipe sees nothing.</summary>
    /// <param name="work">Gets a function that begins a part by its name, and gives one that reports it: the share done, and words.</param>
    public async Task<T> WithProgressAsync<T>(Func<Func<string, Action<double, string>>, Task<T>> work)
    {
        if (!ShowsProgress)
        {
            return await work(_ => (_, _) => { }).ConfigureAwait(false);
        }
        return await Error.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(progress => work(name =>
            {
                var part = progress.AddTask(Markup.Escape(name), maxValue: 1);
                return (done, words) =>
                {
                    part.Value = done;
                    part.Description = Markup.Escape($"{name}: {words}");
                };
            })).ConfigureAwait(false);
    }

    /// <summary>A remark for people that is no result.</summary>
    public void Note(string text) => Error.WriteLine($"guardian: {text}");

    /// <summary>A whole number with thin groups, the same on every machine.</summary>
    public static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static IAnsiConsole CreateConsole(TextWriter writer, bool redirected)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect,
            Interactive = redirected ? InteractionSupport.No : InteractionSupport.Detect,
        });
        if (redirected)
        {
            // A pipe has no width: nothing may be cut there.
            console.Profile.Width = 160;
        }
        return console;
    }
}
