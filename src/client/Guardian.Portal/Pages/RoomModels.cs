using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Client;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Log;
using Guardian.CleanRoom.Room;

namespace Guardian.Portal.Pages;

/// <summary>A data set of a room.</summary>
/// <param name="DataSet">The data set.</param>
/// <param name="IsMine">Whether the user owns it.</param>
/// <param name="Version">The current version; null before the first upload.</param>
/// <param name="Persons">Its persons, which only the owner sees.</param>
public sealed record DataRow(DataSet DataSet, bool IsMine, string? Version, int? Persons);

/// <summary>The data of a room.</summary>
/// <param name="Head">The head.</param>
/// <param name="Rows">The data sets.</param>
/// <param name="Receipts">The receipts in the folder, by name.</param>
public sealed record DataModel(RoomHead Head, IReadOnlyList<DataRow> Rows, IReadOnlyList<string> Receipts);

/// <summary>The diagnosis of a file before anything is sent.</summary>
/// <param name="Head">The head.</param>
/// <param name="DataSet">The data set that it is for.</param>
/// <param name="Path">The file.</param>
/// <param name="Form">The form of the upload: <c>all</c>, <c>changes</c> or <c>remove</c>.</param>
/// <param name="Reports">A report for each column of the identifier.</param>
public sealed record DiagnosisModel(
    RoomHead Head, string DataSet, string Path, string Form, IReadOnlyList<(string Column, DiagnosisReport Report)> Reports)
{
    /// <summary>All identifiers together; null when the data set has one.</summary>
    public WaterfallReport? Several { get; init; }
}

/// <summary>The builder of questions.</summary>
/// <param name="Head">The head.</param>
/// <param name="Contract">The contract.</param>
public sealed record AskModel(RoomHead Head, RoomContract Contract);

/// <summary>The forecast of an answer.</summary>
/// <param name="Head">The head.</param>
/// <param name="Words">The question in a line.</param>
/// <param name="Question">The question as JSON, for the form that asks it.</param>
/// <param name="Forecast">The forecast.</param>
/// <param name="Days">The days of a period in which it can be asked again.</param>
/// <param name="Price">Epsilon of each new answer; 0 for exact figures.</param>
public sealed record ForecastModel(RoomHead Head, string Words, string Question, QuestionForecast Forecast, int Days, decimal Price);

/// <summary>A scheduled question.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Words">The question in a line.</param>
/// <param name="Days">The days of a period.</param>
/// <param name="Times">The answers after which it is complete.</param>
/// <param name="Answers">The beginning of each period with an answer, and the answer's entry in the log.</param>
/// <param name="State">The state in a word or two.</param>
/// <param name="IsComplete">Whether it has all its answers.</param>
public sealed record ScheduleRow(
    string Name, string Words, int Days, int Times, IReadOnlyList<(DateTimeOffset From, long Entry)> Answers, string State,
    bool IsComplete);

/// <summary>The scheduled questions of a room.</summary>
/// <param name="Head">The head.</param>
/// <param name="File">The contract's file.</param>
/// <param name="Questions">The questions.</param>
public sealed record SchedulesModel(RoomHead Head, string File, IReadOnlyList<ScheduleRow> Questions);

/// <summary>A question that was scheduled just now.</summary>
/// <param name="Head">The head.</param>
/// <param name="Name">Its name.</param>
/// <param name="Words">The question in a line.</param>
/// <param name="Days">The days of a period.</param>
/// <param name="Times">The answers.</param>
/// <param name="Price">The price in advance, one sentence each.</param>
public sealed record ScheduleAddedModel(
    RoomHead Head, string Name, string Words, int Days, int Times, IReadOnlyList<string> Price);

/// <summary>The questions that the room admitted.</summary>
/// <param name="Head">The head.</param>
/// <param name="Answers">The questions, each with its words.</param>
public sealed record AnswersModel(RoomHead Head, IReadOnlyList<(AnswerSummary Answer, string Words)> Answers);

/// <summary>A verified answer.</summary>
/// <param name="Head">The head; null for a result that was dropped onto the page.</param>
/// <param name="Report">The report, as HTML whose values are encoded.</param>
/// <param name="Files">The addresses of its files, with their names.</param>
/// <param name="Again">The question as JSON, to ask it again; null where nobody can.</param>
public sealed record AnswerModel(RoomHead? Head, string Report, IReadOnlyList<(string Address, string Name)> Files, string? Again)
{
    /// <summary>The arms that can have a cost; empty for other answers than lift.</summary>
    public IReadOnlyList<string> Treatments { get; init; } = [];

    /// <summary>The outcomes that can be revenue.</summary>
    public IReadOnlyList<string> Revenues { get; init; } = [];
}

/// <summary>The budgets.</summary>
/// <param name="Head">The head.</param>
/// <param name="Budget">The budgets.</param>
/// <param name="Pinned">The data sets that keep a version for some days, one sentence each.</param>
public sealed record BudgetModel(RoomHead Head, BudgetDescription Budget, IReadOnlyList<string> Pinned);

/// <summary>The log.</summary>
/// <param name="Head">The head.</param>
/// <param name="Entries">The entries.</param>
/// <param name="Problem">The first break of the chain; null when there is none.</param>
/// <param name="Note">The relation to the log of the room before; null for none.</param>
public sealed record LogModel(RoomHead Head, IReadOnlyList<LogLine> Entries, string? Problem, string? Note);
