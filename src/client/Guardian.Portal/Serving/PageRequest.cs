using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Guardian.Portal.Serving;

/// <summary>A request of the user's own browser, which has passed all checks.</summary>
public sealed class PageRequest
{
    private readonly HttpContext context;
    private readonly IFormCollection? form;

    internal PageRequest(HttpContext context, IFormCollection? form) => (this.context, this.form) = (context, form);

    /// <summary>Stops the work when the browser has left.</summary>
    public CancellationToken Cancellation => context.RequestAborted;

    /// <summary>A part of the address, by its name in the route.</summary>
    /// <param name="name">The name.</param>
    public string Route(string name) =>
        Convert.ToString(context.Request.RouteValues[name], CultureInfo.InvariantCulture) ?? "";

    /// <summary>A value of the query; empty when there is none.</summary>
    /// <param name="name">Its name.</param>
    public string Query(string name) => context.Request.Query[name].ToString();

    /// <summary>A field of the form, without blanks around it; empty when there is none.</summary>
    /// <param name="name">Its name.</param>
    public string Field(string name) => form?[name].ToString().Trim() ?? "";

    /// <summary>A field of the form as it was sent, with its lines.</summary>
    /// <param name="name">Its name.</param>
    public string Text(string name) => form?[name].ToString().ReplaceLineEndings("\n") ?? "";

    /// <summary>All fields with a name that are not empty.</summary>
    /// <param name="name">Their name.</param>
    public IReadOnlyList<string> Fields(string name) =>
        [.. (form?[name] ?? []).OfType<string>().Select(value => value.Trim()).Where(value => value.Length > 0)];

    /// <summary>All fields with a name, also empty ones, in their order: the rows of a table of fields.</summary>
    /// <param name="name">Their name.</param>
    public IReadOnlyList<string> Rows(string name) => [.. (form?[name] ?? []).Select(value => value?.Trim() ?? "")];

    /// <summary>The files that were sent.</summary>
    public IReadOnlyList<IFormFile> Files => form?.Files is { } files ? [.. files.Where(file => file.FileName.Length > 0)] : [];
}
