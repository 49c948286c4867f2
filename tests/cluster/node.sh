#!/usr/bin/env bash
# A Slurm cluster of one node on loopback, for tests/cluster: started and stopped by pid,
# with every file under one folder and nothing in /etc.
#   node.sh start DIR   then: . DIR/env
#   node.sh stop  DIR
# Needs Debian's slurm-wlm and munge (22.05 tried); run as root or as any one user.
set -euo pipefail
dir=$(realpath -m "${2:?a folder}")
export SLURM_CONF=$dir/slurm.conf PATH=$PATH:/usr/sbin

start() {
    mkdir -p "$dir"/{state,spool,log}; chmod 755 "$dir"; chmod 700 "$dir"/{state,spool}
    local host; host=$(hostname -s)
    # munge: a key of our own and a socket of our own
    [ -e "$dir/munge.key" ] || (umask 077; dd if=/dev/urandom of="$dir/munge.key" bs=1 count=1024 status=none)
    # a fake card, so that --gres=gpu:1 can be asked for (gpu/generic: no driver looked at)
    echo "Name=gpu File=/dev/null" > "$dir/gres.conf"
    cat > "$dir/slurm.conf" <<EOF
ClusterName=loopback
SlurmctldHost=$host(127.0.0.1)
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
SlurmctldPort=${SLURMCTLD_PORT:-16817}
SlurmdPort=${SLURMD_PORT:-16818}
AuthType=auth/munge
AuthInfo=socket=$dir/munge.socket
CryptoType=crypto/munge
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.pid
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/slurmd.log
# no cgroups, no PAM, no accounting
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=batch_sched_delay=0,sched_interval=1,defer_batch=0
# finished jobs stay visible to squeue this long: the plugin asks squeue here
MinJobAge=60
KillWait=5
# four processors, however many there are: two jobs wait for each other here
SlurmdParameters=config_overrides
GresTypes=gpu
NodeName=$host NodeAddr=127.0.0.1 CPUs=4 RealMemory=$(awk '/MemTotal/{print int($2/1024*0.9)}' /proc/meminfo) Gres=gpu:1 State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP
EOF
    # Snakemake's jobstep plugin drops SLURM_CONF before it calls srun inside a job
    # (jobstep 0.6.1 keeps only SLURM_JOB_ID and the like), so srun needs telling.
    mkdir -p "$dir/bin"
    printf '#!/bin/sh\nSLURM_CONF=%s exec %s "$@"\n' "$SLURM_CONF" "$(type -P -a srun | grep -vxF "$dir/bin/srun" | head -1)" > "$dir/bin/srun"
    chmod +x "$dir/bin/srun"
    printf 'export SLURM_CONF=%s PATH=%s/bin:$PATH\n' "$SLURM_CONF" "$dir" > "$dir/env"
    munged --key-file "$dir/munge.key" --socket "$dir/munge.socket" --pid-file "$dir/munged.pid" \
           --log-file "$dir/log/munged.log" --seed-file "$dir/munge.seed" --num-threads 2
    slurmctld -c            # writes its pid file and goes to the background
    slurmd -c
    for _ in $(seq 100); do
        [ "$(sinfo -h -o %t 2>/dev/null)" = idle ] && { sinfo; return; }
        sleep 0.2
    done
    echo "cluster did not come up; see $dir/log" >&2; sinfo -R >&2 || true; return 1
}

stop() {
    local name pid
    scancel -u "$(id -un)" 2>/dev/null || true
    for name in slurmd slurmctld munged; do
        [ -s "$dir/$name.pid" ] || continue
        pid=$(<"$dir/$name.pid")
        # only if that pid is still the program we started
        [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$name" ] && kill "$pid"
        for _ in $(seq 50); do [ -d "/proc/$pid" ] || break; sleep 0.1; done
        rm -f "$dir/$name.pid"
    done
}

case "${1:-}" in start) start ;; stop) stop ;; *) sed -n 2,6p "$0"; exit 2 ;; esac
