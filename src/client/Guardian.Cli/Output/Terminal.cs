using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Guardian.Refusals;
using Spectre.Console;

namespace Guardian.Cli.Output;

/// <summary>
/// Standard output gets the results, as text for people or as one line of JSON for programs. Standard error gets everything else.
/// </summary>
/// <param name="json">Whether a program reads the result.</param>
/// <param name="output">Standard output.</param>
/// <param name="error">Standard error.</param>
internal sealed class Terminal(bool json, TextWriter output, TextWriter error)
{
    /// <summary>Whether a program reads the result.</summary>
    public bool Json => json;

    /// <summary>Results for people; drops everything when a program reads the result.</summary>
    public TextOutput People { get; } = json
        ? new TextOutput(TextWriter.Null, null)
        : new TextOutput(output, Console.IsOutputRedirected || Console.WindowWidth <= 0 ? null : Console.WindowWidth);

    /// <summary>Writes the result in the form that was asked for.</summary>
    /// <param name="result">The result.</param>
    /// <param name="type">How the result is written as JSON.</param>
    /// <param name="people">Writes the result for people.</param>
    public void Show<T>(T result, JsonTypeInfo<T> type, Action<TextOutput> people)
    {
        if (json)
        {
            output.WriteLine(JsonSerializer.Serialize(result, type));
        }
        else
        {
            people(People);
        }
    }

    /// <summary>Writes a line that is the same for people and programs.</summary>
    public void Print(string line) => output.WriteLine(line);

    /// <summary>Writes a line in parts that are the same for people and programs.</summary>
    public void Print(IEnumerable<string> parts)
    {
        foreach (var part in parts)
        {
            output.Write(part);
        }
        output.WriteLine();
    }

    /// <summary>Reports why the command ends, in the form that was asked for.</summary>
    public void Fail(Refusal refusal)
    {
        if (json)
        {
            TryWrite(() => output.WriteLine(FailureResult.ToJson(refusal)));
        }
        TryWrite(() => FailureResult.WriteText(error, refusal));
    }

    /// <summary>Writes a remark for people that is no result.</summary>
    public void Note(string text) => TryWrite(() => new TextOutput(error, null).WriteLine($"guardian: {text}"));

    // The exit code still says what happened when a stream is closed, or its disk is full.
    private static void TryWrite(Action write)
    {
        try
        {
            write();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
        }
    }

    /// <summary>Runs long work. On a terminal each part has a bar with the share done and the time left; a pipe gets nothing.</summary>
    /// <param name="work">
    /// Gets a function that begins a part by its name and returns the function that reports its progress: the share done, and a few words.
    /// </param>
    public async Task<T> WithProgressAsync<T>(Func<Func<string, Action<double, string>>, Task<T>> work)
    {
        if (json || Console.IsErrorRedirected)
        {
            return await work(_ => (_, _) => { }).ConfigureAwait(false);
        }
        return await AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(error) }).Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(),
                new RemainingTimeColumn())
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
}
