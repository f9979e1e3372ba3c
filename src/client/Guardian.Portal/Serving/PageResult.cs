using Microsoft.AspNetCore.Components;

namespace Guardian.Portal.Serving;

/// <summary>The answer to a request.</summary>
public abstract record PageResult
{
    private protected PageResult()
    {
    }

    /// <summary>Shows a component.</summary>
    /// <typeparam name="TView">The component.</typeparam>
    /// <typeparam name="TModel">The values that it shows.</typeparam>
    /// <param name="title">The page's title.</param>
    /// <param name="model">The values.</param>
    /// <param name="section">The entry of the navigation that is marked.</param>
    /// <param name="refresh">The seconds after which the page loads itself again; null for never.</param>
    public static PageResult Page<
        [System.Diagnostics.CodeAnalysis.DynamicallyAccessedMembers(
            System.Diagnostics.CodeAnalysis.DynamicallyAccessedMemberTypes.All)] TView, TModel>(
        string title, TModel model, string section = "rooms", int? refresh = null)
        where TView : PageView<TModel> => new ShownPage(title, section, page => builder =>
    {
        builder.OpenComponent<TView>(0);
        builder.AddComponentParameter(1, nameof(PageView<TModel>.Model), model);
        builder.AddComponentParameter(2, nameof(PageView<TModel>.At), page);
        builder.CloseComponent();
    }) { Refresh = refresh };

    /// <summary>Leads to another page after a change.</summary>
    /// <param name="path">Its path, which begins with <c>/</c>.</param>
    public static PageResult Redirect(string path) => new Redirection(path);

    /// <summary>Sends a file.</summary>
    /// <param name="name">Its name on the user's disk.</param>
    /// <param name="type">Its media type.</param>
    /// <param name="content">Its content.</param>
    public static PageResult File(string name, string type, byte[] content) => new SentFile(name, type, content);
}

/// <summary>A component inside the layout.</summary>
internal sealed record ShownPage(string Title, string Section, Func<PagePlace, RenderFragment> Body, int Status = 200) : PageResult
{
    /// <summary>The seconds after which the page loads itself again; null for never.</summary>
    public int? Refresh { get; init; }
}

internal sealed record Redirection(string Path) : PageResult;

internal sealed record SentFile(string Name, string Type, byte[] Content) : PageResult;
