using System.Text.Json;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Log;

namespace Guardian.CleanRoom.Room;

/// <summary>A question that was logged and charged.</summary>
/// <param name="Entry">Its entry in the log, with the member who asked.</param>
/// <param name="Question">The question, as it was asked then.</param>
internal sealed record ChargedQuestion(LogLine Entry, Question Question);

/// <summary>
/// The questions that were charged and have no answer in the log, because the process ended or the disk failed in between. Nobody has
/// learned anything about their answers, so the same question on the same data is not charged again. Callers serialise access.
/// </summary>
internal sealed class UnansweredQuestions
{
    private readonly Dictionary<string, ChargedQuestion> byKey = [];

    /// <summary>Finds the unanswered questions of a log.</summary>
    public static UnansweredQuestions From(IReadOnlyList<LogLine> entries, QuestionCompiler compiler)
    {
        var unanswered = new UnansweredQuestions();
        var answered = entries.Where(entry => entry.Event == LogEvents.Answer)
            .Select(entry => JsonSerializer.Deserialize(entry.Detail, RoomLogJson.Default.AnswerDetail)!.Asked).ToHashSet();
        foreach (var entry in entries.Where(entry => entry.Event == LogEvents.Question && !answered.Contains(entry.Sequence)))
        {
            var detail = JsonSerializer.Deserialize(entry.Detail, RoomLogJson.Default.QuestionDetail)!;
            if (compiler.Compile(detail.Question).Value is { } compiled)
            {
                unanswered.Add(compiled.KeyOf(detail.Versions), new ChargedQuestion(entry, detail.Question));
            }
        }
        return unanswered;
    }

    /// <summary>Finds an unanswered question by its key; null when it was not charged, or was answered.</summary>
    public ChargedQuestion? Find(string key) => byKey.GetValueOrDefault(key);

    public void Add(string key, ChargedQuestion question) => byKey[key] = question;

    public void Remove(string key) => byKey.Remove(key);
}
