using Guardian.Portal.Serving;
using Microsoft.AspNetCore.Components.Rendering;

namespace Guardian.Portal.Tests;

/// <summary>Shows a text.</summary>
public sealed class SecretView : PageView<string>
{
    protected override void BuildRenderTree(RenderTreeBuilder builder) => builder.AddContent(0, Model);
}
