using Microsoft.Extensions.Options;

namespace Automation.Server.Storage;

/// <summary>This server among those of its database: says that it lives, looks after what others leave, and tells of it.</summary>
/// <remarks>
/// Every third of the lease, and when another server says that something is left: one unit of the journal renews the lease, declares dead who was not heard of, and brings what there is
/// for this server. On a database with one server at a time it looks once, so that its duties are its own.
/// </remarks>
internal sealed class Servers(Journal journal, JournalDatabase database, IOptions<ServerSettings> settings, TimeProvider time, ILogger<Servers> log) : BackgroundService
{
    // What is said meanwhile is seen by the next look.
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(200);

    private readonly TimeSpan pause = settings.Value.Lease / 3;
    private readonly List<string> duties = [];
    private TaskCompletionSource heard = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Raised after each look.</summary>
    public event Action<ServersLooked>? Looked;

    /// <summary>Live servers of the database as of the last look.</summary>
    public long Count { get; private set; } = 1;

    /// <summary>Wants to do something that one server does for all; looks say whether it is this one. Before the start.</summary>
    public void Offer(string duty) => duties.Add(duty);

    public async Task<ServersLooked> RunOnceAsync(bool isRoutine = true)
    {
        var look = new ServersLooked(duties) { IsRoutine = isRoutine };
        await journal.CommitAsync(look);
        foreach (var name in look.Dead) Log.DeclaredDead(log, name);
        if (look.IsShared) Count = look.Servers;
        Looked?.Invoke(look);
        return look;
    }

    /// <summary>The first look, before others start who do what this server does for all.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if ((await RunOnceAsync()).IsShared) await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var routine = time.GetTimestamp();
        var listening = ListenAsync(stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.WhenAny(heard.Task, Task.Delay(pause, time, stoppingToken));
            await Task.Delay(ShortestPause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stoppingToken.IsCancellationRequested) break;
            var isRoutine = !heard.Task.IsCompleted || time.GetElapsedTime(routine) >= pause;
            if (isRoutine) routine = time.GetTimestamp();
            heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            try
            {
                await RunOnceAsync(isRoutine);
            }
            catch (Exception error)
            {
                Log.LookFailed(log, error.Message);
            }
        }

        await listening;
    }

    private async Task ListenAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await database.ListenAsync(() => heard.TrySetResult(), stopping);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception error)
            {
                Log.NotListening(log, pause, error.Message);
                await Task.Delay(pause, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
