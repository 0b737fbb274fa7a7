using Automation.Server.Triggers.Webhooks.Requests;

namespace Automation.Server.Storage;

/// <summary>Keeps a request that started nothing, and deletes the oldest beyond the newest so many.</summary>
internal sealed record RequestKept(KeptRequest Request, int Most) : Change;

/// <summary>From now until then requests to a path without a workflow are kept; with null no longer.</summary>
/// <param name="Path">Below <c>/hooks</c>, beginning with <c>/</c>.</param>
internal sealed record PathCaptured(string Path, DateTimeOffset Now, DateTimeOffset? Until) : Change;
