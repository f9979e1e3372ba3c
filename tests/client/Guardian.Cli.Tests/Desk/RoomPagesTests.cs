using System.Net;
using System.Text.RegularExpressions;
using Guardian.Cli.Tests.Support;

namespace Guardian.Cli.Tests.Desk;

/// <summary>The pages of a room, over HTTP as a browser sends it. The suite <c>./test portal</c> does the same in Chromium.</summary>
[Trait("Starts", "processes")]
public sealed partial class RoomPagesTests(RoomFixture room) : IClassFixture<RoomFixture>
{
    [Fact]
    public async Task A_member_connects_uploads_asks_and_verifies()
    {
        using var desk = await OpenDesk.StartAsync(room.Folder, room.Folder);
        var list = await desk.EnterAsync();
        Assert.Contains("run the room here, or give its address", list, StringComparison.Ordinal);
        var at = Room().Match(list).Value;

        // The address comes from a partner; the enclave is verified.
        var key = System.IO.Path.Combine(room.Folder, "agency.pem");
        var (_, connected) = await desk.PostAsync($"{at}/use", ("address", $"https://{room.RoomAddress}"), ("key", key));
        Assert.True(connected.Contains("This code, under this contract, on this platform", StringComparison.Ordinal), Text(connected));
        Assert.Contains("SIMULATED.", connected, StringComparison.Ordinal);
        Assert.Contains("you are agency", connected, StringComparison.Ordinal);

        // The file is read before anything is sent.
        var (_, diagnosis) = await desk.PostAsync(
            $"{at}/diagnose", ("dataset", "campaign"), ("paths", room.File("campaign.csv")), ("what", "all"));
        Assert.Contains("Nothing was sent.", diagnosis, StringComparison.Ordinal);
        Assert.Contains("3,000 rows", Text(diagnosis), StringComparison.Ordinal);
        Assert.Contains("nothing yet", await desk.GetAsync($"{at}/data"), StringComparison.Ordinal);
        var (_, sent) = await desk.PostAsync(
            $"{at}/upload", ("dataset", "campaign"), ("path", room.File("campaign.csv")), ("what", "all"));
        Assert.Contains("3,000 persons from 3,000 rows", Text(sent), StringComparison.Ordinal);
        (await room.AsAsync("retailer", "upload", "--dataset", "customers", "--data", "customers.csv")).Ends(0);
        var receipt = Receipt().Match(await desk.GetAsync($"{at}/data")).Value;

        // Nobody uploads another member's data from here.
        var (status, _) = await desk.PostAsync(
            $"{at}/diagnose", ("dataset", "customers"), ("paths", room.File("customers.csv")), ("what", "all"));
        Assert.NotEqual(HttpStatusCode.OK, status);

        var (_, price) = await desk.PostAsync(
            $"{at}/forecast", ("kind", "crosstab"), ("by", "campaign.arm"), ("by", ""), ("column", "customers.region"), ("operator", "="),
            ("value", "South"));
        Assert.Contains("The members agreed on exact figures.", price, StringComparison.Ordinal);
        var question = WebUtility.HtmlDecode(Question().Match(price).Groups[1].Value);
        var (_, answer) = await desk.PostAsync($"{at}/ask", ("question", question));
        Assert.Contains("Who are they, by arm?", answer, StringComparison.Ordinal);
        Assert.Contains("<td class=\"cell shade-20\">500</td>", answer, StringComparison.Ordinal);
        var here = Answer().Match(answer).Groups[1].Value;
        Assert.StartsWith("campaign.arm,persons\r\n", await desk.GetAsync($"{here}/csv"), StringComparison.Ordinal);
        var file = room.File("result.jws");
        await System.IO.File.WriteAllTextAsync(file, await desk.GetAsync($"{here}/jws"), TestContext.Current.CancellationToken);

        var (_, verified) = await desk.PostAsync(
            "/verify", ("@files", file), ("@files", System.IO.Path.Combine(room.Folder, receipt)));
        Assert.Contains("Signature, key in the quote", verified, StringComparison.Ordinal);
        await System.IO.File.WriteAllTextAsync(
            file, (await System.IO.File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).Replace(
                "\"payload\":\"e", "\"payload\":\"f", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        var (refused, why) = await desk.PostAsync("/verify", ("@files", file));
        Assert.Equal(HttpStatusCode.Forbidden, refused);
        Assert.Contains("That was not done", why, StringComparison.Ordinal);

        Assert.Contains("answers cost nothing", await desk.GetAsync($"{at}/budget"), StringComparison.Ordinal);
        Assert.Contains("The hash chain holds over all", await desk.GetAsync($"{at}/log"), StringComparison.Ordinal);

        // Asked again in each period: nothing now, and once when it is due.
        var (_, scheduled) = await desk.PostAsync(
            $"{at}/schedules/add", ("kind", "overlap"), ("name", "weekly"), ("every", "7"), ("times", "2"));
        Assert.Contains("It costs nothing, because the members agreed on exact figures.", scheduled, StringComparison.Ordinal);
        Assert.Contains("0 of 2 answers", Text(await desk.GetAsync($"{at}/schedules")), StringComparison.Ordinal);
        var (_, ran) = await desk.PostAsync($"{at}/schedules/run");
        Assert.Contains("answer 1 of 2", Text(ran), StringComparison.Ordinal);
        Assert.Contains("1 of 2 answers", Text(await desk.GetAsync($"{at}/schedules")), StringComparison.Ordinal);
        var (wrong, _) = await desk.PostAsync($"{at}/schedules/add", ("kind", "overlap"), ("name", "Weekly!"), ("times", "many"));
        Assert.Equal(HttpStatusCode.BadRequest, wrong);
        var (_, removed) = await desk.PostAsync($"{at}/schedules/remove", ("name", "weekly"));
        Assert.Contains("Nothing is scheduled", removed, StringComparison.Ordinal);

        // The answer may be read again, and what the contract forbids is refused before it is asked.
        Assert.Contains("crosstab by campaign.arm", await desk.GetAsync($"{at}/answers"), StringComparison.OrdinalIgnoreCase);
        var (_, forbidden) = await desk.PostAsync($"{at}/forecast", ("kind", "overlap"), ("where", "customers.email = a@b.c"));
        Assert.Contains("It would be refused, free of charge", forbidden, StringComparison.Ordinal);
        var (malformed, _) = await desk.PostAsync($"{at}/ask", ("question", "{}"));
        Assert.Equal(HttpStatusCode.BadRequest, malformed);
    }

    [Fact]
    public async Task Files_of_another_contract_and_keys_are_neither_taken_nor_given()
    {
        using var desk = await OpenDesk.StartAsync(room.Folder, room.Folder);
        var at = Room().Match(await desk.EnterAsync()).Value;
        foreach (var text in new[] { "AAAA\n", new string('A', 88), "room: [", "{}", "name: other\n" })
        {
            var file = room.File("received");
            await System.IO.File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
            var (status, why) = await desk.PostAsync($"{at}/receive", ("@files", file));
            Assert.Equal(HttpStatusCode.BadRequest, status);
            Assert.Contains("That was not done", why, StringComparison.Ordinal);
        }
        var (same, _) = await desk.PostAsync(
            $"{at}/receive", ("@files", room.File("room.yaml.agency.sig")), ("@files", room.File("session.yaml")));
        Assert.Equal(HttpStatusCode.OK, same);
        foreach (var name in new[] { "agency.pem", "campaign.csv", "..%2Froom.yaml" })
        {
            using var response = await desk.SendAsync($"{at}/files/{name}");
            Assert.NotEqual(HttpStatusCode.OK, response.StatusCode);
        }
        Assert.Contains("room: test", await desk.GetAsync($"{at}/files/room.yaml"), StringComparison.Ordinal);
        // Signatures are for exact bytes, so a signed contract is not edited.
        var (edited, _) = await desk.PostAsync($"{at}/text", ("text", "room: other\n"));
        Assert.NotEqual(HttpStatusCode.OK, edited);
    }

    [Fact]
    public async Task The_next_contract_is_begun_once_and_takes_over_only_when_all_have_signed()
    {
        var folder = room.File("amended");
        System.IO.Directory.CreateDirectory(folder);
        foreach (var name in new[] { "room.yaml", "room.yaml.agency.sig", "room.yaml.retailer.sig", "agency.pem" })
        {
            System.IO.File.Copy(room.File(name), System.IO.Path.Combine(folder, name));
        }
        using var desk = await OpenDesk.StartAsync(folder, folder);
        var at = Room().Match(await desk.EnterAsync()).Value;
        Assert.Contains("Begin version 2", await desk.GetAsync(at), StringComparison.Ordinal);
        var (_, next) = await desk.PostAsync($"{at}/amend");
        Assert.Contains("What differs from the contract before", next, StringComparison.Ordinal);
        Assert.Contains("Sign as agency", next, StringComparison.Ordinal);
        var old = await desk.GetAsync(at);
        Assert.Contains("not signed by all", old, StringComparison.Ordinal);
        Assert.DoesNotContain("Hand the room over", old, StringComparison.Ordinal);
        var successor = Room().Matches(old).Select(match => match.Value).First(each => each != at)["/rooms/".Length..];
        var (early, why) = await desk.PostAsync($"{at}/succeed", ("next", successor));
        Assert.NotEqual(HttpStatusCode.OK, early);
        Assert.Contains("That was not done", why, StringComparison.Ordinal);
        var (again, _) = await desk.PostAsync($"{at}/amend");
        Assert.NotEqual(HttpStatusCode.OK, again);
    }

    private static string Text(string html) => WebUtility.HtmlDecode(Tag().Replace(html, " "));

    [GeneratedRegex("/rooms/[0-9a-f]{16}")]
    private static partial Regex Room();

    [GeneratedRegex("receipt-campaign-[0-9a-f]{12}\\.jws")]
    private static partial Regex Receipt();

    [GeneratedRegex("name=\"question\" value=\"([^\"]+)\"")]
    private static partial Regex Question();

    [GeneratedRegex("(/rooms/[0-9a-f]{16}/answers/[0-9]+)/csv")]
    private static partial Regex Answer();

    [GeneratedRegex("\\s*<[^>]*>\\s*")]
    private static partial Regex Tag();
}
