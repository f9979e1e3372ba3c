using System.Text.Json;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;
using Guardian.Files.Durable;
using Guardian.Refusals;

namespace Guardian.Cli.Rooms;

/// <summary>The scheduled questions of a room, in a file beside the remembered connection. One process at a time changes it.</summary>
internal sealed class RoomSchedule : IDisposable
{
    private const int MaxQuestions = 100;
    private const int MaxSize = 4 * 1024 * 1024;

    private readonly string path;
    private readonly FileStream hold;

    private RoomSchedule(string path, FileStream hold) => (this.path, this.hold, Questions) = (path, hold, Load(path));

    /// <summary>The questions, in the order in which they were added.</summary>
    public IReadOnlyList<ScheduledQuestion> Questions { get; private set; }

    /// <summary>Reads the questions of a contract.</summary>
    /// <param name="contractHash">The contract's hash, lower-case hex.</param>
    /// <exception cref="RefusedException">The file has another content.</exception>
    public static IReadOnlyList<ScheduledQuestion> Read(string contractHash) => Load(PathOf(contractHash));

    /// <summary>Opens the schedule of a contract for changes.</summary>
    /// <param name="contractHash">The contract's hash, lower-case hex.</param>
    /// <exception cref="RefusedException">Another process changes it, or the file has another content.</exception>
    public static RoomSchedule Open(string contractHash)
    {
        var path = PathOf(contractHash);
        InputFile.Use(path, () => Directory.CreateDirectory(Path.GetDirectoryName(path)!));
        FileStream hold;
        try
        {
            hold = DurableFile.Open($"{path}.lock");
        }
        catch (IOException failure)
        {
            throw new RefusedException(
                CliReasons.ScheduleBusy.Because("another command or page asks the scheduled questions of this room now"), failure);
        }
        try
        {
            return new RoomSchedule(path, hold);
        }
        catch
        {
            hold.Dispose();
            throw;
        }
    }

    /// <summary>Adds a question.</summary>
    /// <exception cref="RefusedException">The name is taken, or there are too many.</exception>
    public void Add(ScheduledQuestion question)
    {
        if (Questions.Any(each => each.Name == question.Name))
        {
            throw CliReasons.BadSchedule.Refuse($"the schedule has a question '{question.Name}' already", "choose another name");
        }
        if (Questions.Count >= MaxQuestions)
        {
            throw CliReasons.BadSchedule.Refuse($"the schedule has {MaxQuestions} questions, which is the maximum");
        }
        Write([.. Questions, question]);
    }

    /// <summary>Writes a question in place of the one with its name. When this returns, a crash does not undo it.</summary>
    public void Replace(ScheduledQuestion question) => Write([.. Questions.Select(each => each.Name == question.Name ? question : each)]);

    /// <summary>Removes a question.</summary>
    /// <exception cref="RefusedException">There is none of that name.</exception>
    public void Remove(string name)
    {
        if (Questions.All(each => each.Name != name))
        {
            throw CliReasons.BadSchedule.Refuse($"the schedule has no question '{name}'");
        }
        Write([.. Questions.Where(each => each.Name != name)]);
    }

    /// <inheritdoc/>
    public void Dispose() => hold.Dispose();

    private static string PathOf(string contractHash) =>
        Path.Combine(UserFolders.Configuration, "rooms", $"{contractHash}.schedule.json");

    private void Write(IReadOnlyList<ScheduledQuestion> questions)
    {
        InputFile.Use(path, () =>
        {
            DurableFile.Replace(path, JsonSerializer.SerializeToUtf8Bytes(questions, ScheduleJson.Default.IReadOnlyListScheduledQuestion));
            return path;
        });
        Questions = questions;
    }

    private static IReadOnlyList<ScheduledQuestion> Load(string path)
    {
        if (!File.Exists(path))
        {
            return [];
        }
        try
        {
            if (JsonSerializer.Deserialize(
                InputFile.ReadBytes(path, MaxSize), ScheduleJson.Default.IReadOnlyListScheduledQuestion) is { } questions
                && questions.All(each => each is { Days: >= 1 and <= 31, Times: >= 1 }))
            {
                return questions;
            }
        }
        catch (JsonException)
        {
            // The refusal below covers every kind of malformed file.
        }
        throw CliReasons.BadFile.Refuse($"{path} is no schedule of questions", "remove it, and schedule the questions again");
    }
}
