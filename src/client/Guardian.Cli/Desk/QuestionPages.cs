using System.Globalization;
using System.Text;
using System.Text.Json;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Reports;
using Guardian.Cli.Rooms;
using Guardian.Portal.Pages;
using Guardian.Portal.Serving;

namespace Guardian.Cli.Desk;

/// <summary>The pages on which members ask, read answers, and verify results.</summary>
internal sealed class QuestionPages(RoomDesk desk)
{
    /// <summary>Adds the pages.</summary>
    public void Map(PortalRoutes routes)
    {
        routes.Get("/rooms/{id}/ask", request =>
        {
            var room = desk.Open(request.Route("id"));
            return PageResult.Page<AskView, AskModel>("Ask", new AskModel(room.Head("ask"), room.File.Contract));
        });
        routes.Post("/rooms/{id}/forecast", ForecastAsync);
        routes.Post("/rooms/{id}/ask", AskAsync);
        routes.Get("/rooms/{id}/answers", ListAsync);
        routes.Get("/rooms/{id}/answers/{asked}", ShowAsync);
        routes.Post("/rooms/{id}/answers/{asked}", ShowAsync);
        routes.Get("/rooms/{id}/answers/{asked}/{form}", SendAsync);
        routes.Get("/verify", _ => PageResult.Page<VerifyView, RoomListModel>("Verify", new RoomListModel(
            [.. Contracts().Select(entry => new RoomRow(entry.Id, "", entry.Path, null, [], "", false))], RoomShelf.Home), "verify"));
        routes.Post("/verify", VerifyAsync);
    }

    private static IEnumerable<ShelfEntry> Contracts() => RoomShelf.List().Where(entry => entry.IsContract);

    private async Task<PageResult> ForecastAsync(PageRequest request)
    {
        var room = desk.Open(request.Route("id"));
        var question = QuestionForm.Read(request);
        var forecast = await desk.UseAsync(
            room, client => ForecastView.ReadAsync(room.File.Contract, client, question, request.Cancellation)).ConfigureAwait(false);
        return PageResult.Page<PriceView, ForecastModel>("Before you ask", new ForecastModel(
            room.Head("ask"), RoomView.Describe(question), QuestionForm.Write(question), forecast,
            ScheduledQuestion.FindDays(question, room.File.Contract), ScheduleOrder.FindPrice(question, room.File.Contract)));
    }

    private async Task<PageResult> AskAsync(PageRequest request)
    {
        var room = desk.Open(request.Route("id"));
        var question = QuestionForm.Read(request);
        var json = QuestionForm.Write(question);
        var asked = await desk.UseAsync(room, async client =>
        {
            // The room answers and charges even if the browser leaves, so the call is not cancelled with it.
            var statement = await client.AskAsync(question, desk.End).ConfigureAwait(false);
            var verified = RoomStatements.Verify(statement, room.File.Contract);
            if (verified.Type == QuestionReceipt.StatementType)
            {
                return JsonSerializer.Deserialize(verified.Payload.Span, AnswerJson.Default.QuestionReceipt)!.Asked;
            }
            var list = await client.ListAnswersAsync(desk.End).ConfigureAwait(false);
            return list.Answers.Where(answer => QuestionForm.Write(answer.Question) == json).Select(answer => answer.Asked).DefaultIfEmpty(
                list.Answers.Select(answer => answer.Asked).DefaultIfEmpty().Max()).Max();
        }).ConfigureAwait(false);
        return PageResult.Redirect(room.Url(room.Head("ask").MayRead
            ? string.Create(CultureInfo.InvariantCulture, $"/answers/{asked}")
            : "/log"));
    }

    private async Task<PageResult> ListAsync(PageRequest request)
    {
        var room = desk.Open(request.Route("id"));
        var list = await desk.UseAsync(room, client => client.ListAnswersAsync(request.Cancellation)).ConfigureAwait(false);
        return PageResult.Page<AnswersView, AnswersModel>("Answers", new AnswersModel(
            room.Head("answers"), [.. list.Answers.Reverse().Select(answer => (answer, RoomView.Describe(answer.Question)))]));
    }

    private async Task<PageResult> ShowAsync(PageRequest request)
    {
        var room = desk.Open(request.Route("id"));
        var (page, answer, _) = await ReadAsync(room, request).ConfigureAwait(false);
        var here = room.Url($"/answers/{request.Route("asked")}");
        return PageResult.Page<AnswerView, AnswerModel>("Answer", new AnswerModel(
            room.Head("answers"), page.WriteMain(),
            [($"{here}/csv", "Save as CSV"), ($"{here}/html", "Save as a page"), ($"{here}/jws", "Save signed, to verify")],
            room.Head("answers").MayAsk ? QuestionForm.Write(answer.Question) : null)
        {
            Treatments = answer.Body is LiftResult ? CostReader.FindTreatments(room.File.Contract) : [],
            Revenues = CostReader.FindRevenues(room.File.Contract),
        });
    }

    // Null when the form has no cost, or was not sent.
    private static CampaignCosts? ReadCosts(PageRequest request, RoomContract contract)
    {
        List<string> given =
        [
            .. CostReader.FindTreatments(contract).Index().Select(arm => (arm.Item, Amount: request.Field($"cost-{arm.Index}")))
                .Where(arm => arm.Amount.Length > 0).Select(arm => $"{arm.Item}={arm.Amount}"),
        ];
        return given.Count == 0
            ? null
            : CostReader.Read(
                given, request.Field("currency"), request.Field("revenue"),
                double.TryParse(request.Field("margin"), CultureInfo.InvariantCulture, out var margin) ? margin : double.NaN, contract);
    }

    private async Task<PageResult> SendAsync(PageRequest request)
    {
        var room = desk.Open(request.Route("id"));
        var (page, answer, statement) = await ReadAsync(room, request).ConfigureAwait(false);
        var name = $"{room.File.Contract.Name}-{request.Route("asked")}";
        return request.Route("form") switch
        {
            "csv" => PageResult.File($"{name}.csv", "text/csv", AnswerCsv.Write(answer.Body)),
            "html" => PageResult.File($"{name}.html", "application/octet-stream", Encoding.UTF8.GetBytes(page.Write())),
            "jws" => PageResult.File($"{name}.jws", "application/jose+json", statement),
            var other => throw CliReasons.Usage.Refuse($"'{other}' is no form of an answer"),
        };
    }

    private async Task<(AnswerPage Page, Answer Answer, byte[] Statement)> ReadAsync(OpenRoom room, PageRequest request)
    {
        if (!long.TryParse(request.Route("asked"), NumberStyles.None, CultureInfo.InvariantCulture, out var asked))
        {
            throw CliReasons.Usage.Refuse("an answer has the number of its entry in the log");
        }
        var statement = await desk.UseAsync(room, client => client.ReadAnswerAsync(asked, request.Cancellation)).ConfigureAwait(false);
        var answer = RoomStatements.ReadResult(statement, room.File.Contract);
        var page = new AnswerPage(
            AnswerLabels.Apply(answer, room.File.Contract), RoomStatements.Verify(statement, room.File.Contract))
        {
            Costs = answer.Body is LiftResult ? ReadCosts(request, room.File.Contract) : null,
        };
        return (page, answer, statement);
    }

    // The answer comes first or last: receipts are recognised by their type.
    private static async Task<PageResult> VerifyAsync(PageRequest request)
    {
        var files = await ReceivedFiles.ReadAsync(request.Files, request.Cancellation).ConfigureAwait(false);
        var file = FindContract(files[0].Content);
        file.RequireSigned();
        var typed = files.Select(each => (each.Name, each.Content, Verified: RoomStatements.Verify(each.Content, file.Contract))).ToList();
        var statement = typed.Find(each => each.Verified.Type == Answer.StatementType);
        if (statement.Content is null)
        {
            throw CliReasons.NoAnswer.Refuse("none of the files is a signed answer");
        }
        var answer = RoomStatements.ReadResult(statement.Content, file.Contract);
        foreach (var receipt in typed.Where(each => each.Verified.Type == UploadReceipt.StatementType))
        {
            RoomStatements.RequireVersion(receipt.Content, answer, file.Contract, receipt.Name);
        }
        return PageResult.Page<AnswerView, AnswerModel>("Verified", new AnswerModel(
            null, new AnswerPage(AnswerLabels.Apply(answer, file.Contract), statement.Verified).WriteMain(), [], null), "verify");
    }

    // The quote of a statement carries the hash of its contract, so at most one contract fits.
    private static RoomFile FindContract(byte[] statement)
    {
        Refusals.RefusedException? last = null;
        foreach (var entry in Contracts())
        {
            try
            {
                var file = RoomFile.Load(entry.Path);
                RoomStatements.Verify(statement, file.Contract);
                return file;
            }
            catch (Refusals.RefusedException failure)
            {
                last = failure.Refusal.Reason == CliReasons.BadContract ? last : failure;
            }
        }
        throw last ?? CliReasons.WrongContract.Refuse("there is no contract to verify it against", "add its contract to your rooms first");
    }
}
